"""curriculum-builder: bytes on disk to models, nothing about what they mean. The entry: `CurriculumBuilderSource`."""

from cockpit.sources.curriculum_builder.source import CurriculumBuilderSource

__all__ = ["CurriculumBuilderSource"]
