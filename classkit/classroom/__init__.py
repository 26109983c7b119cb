"""A class: chapters released as assignments, submissions graded in a sandbox, progress summed up.

Thin over nbgrader. ``folder`` knows the instructor's folder, ``release``, ``collecting``,
``grading`` and ``handback`` are the steps, ``submission`` is the learner's side, ``sharing`` the
progress that learners choose to share, ``summary`` what the instructor sees of it. Submissions run
in ``worker``, whose kernel (``kernel``) lives in a ``sandbox`` of namespaces and limits.
"""
