"""tests/folder.py — a folder for what a test writes and reads, which goes when the test ends."""

import os
import shutil
import tempfile
import unittest


class Folder:
    """A new one, until the cleanups run that ADD_CLEANUP adds to: of a case, a class, a module."""

    def __init__(self, add_cleanup):
        self.folder = os.path.realpath(tempfile.mkdtemp(prefix="snafu-test-"))
        add_cleanup(shutil.rmtree, self.folder)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        """A file of text or bytes, with the folders it is in; its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def write_all(self, contents):
        """The same for many: their contents by name."""
        for name, content in contents.items():
            self.write(name, content)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def list_files(self, name="."):
        """All files below a folder, by their paths from there, sorted."""
        top = self.path(name)
        return sorted(os.path.relpath(os.path.join(place, file), top)
                      for place, _, files in os.walk(top) for file in files)


class FolderTest(unittest.TestCase, Folder):
    """Each case has a folder of its own."""

    def setUp(self):
        Folder.__init__(self, self.addCleanup)


class SharedFolderTest(unittest.TestCase, Folder):
    """The cases of a class have a folder together; as long as it is set up, that is `shared`."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Folder(cls.addClassCleanup)
        cls.folder = cls.shared.folder
