"""JupyterLab for the course: its start (`server`), and the home page (`home`)."""
