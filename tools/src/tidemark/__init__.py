"""The developer's commands: install, run locally, change, deliver and operate Tidemark."""
