"""Azurite, Microsoft's emulator of Azure Storage: a Node program of 380 packages."""

from __future__ import annotations

from pathlib import Path

from coursekit.ground.npm import Program, node

__all__ = ["HERE", "MAIN", "PROGRAM", "SIZE", "folder", "install", "installed", "node", "remove"]

HERE = Path(__file__).parent
SIZE = "64 MB to download, 190 MB on disk"
MAIN = Path("node_modules", "azurite", "dist", "src", "blob", "main.js")
PROGRAM = Program("azurite", "Azurite, the Azure emulator", HERE, MAIN, SIZE, room="300 MB")

folder, installed = PROGRAM.folder, PROGRAM.installed
install, remove = PROGRAM.install, PROGRAM.remove
