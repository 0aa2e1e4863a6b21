"""The screens: they compose panes, bind rows down and turn messages into commands."""
