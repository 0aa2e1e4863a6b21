"""`cockpit record`: running any command unchanged while its output, times and end are kept as evidence."""
