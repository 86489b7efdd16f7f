"""The commands of the command line, one file for each thing that a person comes to do.

Rule: a command reads its options, calls the pipeline or a room, and prints what came back; it decides nothing. Nothing
heavy is imported before a command runs, so that `hydrometer --help` answers at once.
"""
