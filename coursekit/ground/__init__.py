"""What everything else stands on: errors, folders, files, processes, Java, Node."""
