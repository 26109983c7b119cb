"""A class on JupyterHub: a hub to try out, and what a hub needs to serve the course.

=================  ===============================================================================
`demo`             ``coursekit hub``: a real hub on loopback, with accounts made for it
`config`           what the hub to try out and ``deploy/jupyterhub_config.py`` have in common
`learner`          what a hub starts as a learner: lays the copies, then becomes their server
`spawner`          a learner's server with limits of memory and processes
`spark_service`    one Spark Connect server for the class, kept by the hub
`proxy`            the proxy in front, installed once by npm
=================  ===============================================================================
"""
