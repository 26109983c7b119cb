"""What runs the course: commands, learner copies, JupyterLab, the hub, a class."""
