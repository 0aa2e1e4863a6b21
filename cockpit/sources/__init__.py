"""Sources: one module per system, bytes to models (the facts). What facts mean is `cockpit.diagnosis`'s business."""
