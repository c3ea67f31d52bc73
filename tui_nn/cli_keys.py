"""`tui-nn keys`: every command with its keys, and the file in which they can be changed."""

import click

from tui_nn.cli_text import print_json, remark, table


def print_keys(*, as_json: bool) -> int:
    """0, or 2 if something in the keymap file is wrong."""
    from tui_nn.tui import keymap
    from tui_nn.tui.commands import COMMANDS, use_own_keys
    from tui_nn.tui.keys import shown_key

    mine, path = keymap.load(), keymap.keymap_path()
    use_own_keys(mine.keys)
    if as_json:
        print_json(
            {
                "file": str(path),
                "commands": [
                    {
                        "id": command.id,
                        "keys": [shown_key(key) for key in command.active_keys],
                        "default": [shown_key(key) for key in command.keys],
                        "where": command.where,
                        "does": command.help,
                    }
                    for command in COMMANDS
                ],
                "problems": [
                    {"line": p.line, "column": p.column, "key": p.key, "message": p.message} for p in mine.problems
                ],
            }
        )
        return 2 if mine.problems else 0
    rows = [(id, keys or "(none)", where, does) for id, keys, where, does in keymap.rows()]
    click.echo(table(("command", "keys", "where", "does"), rows))
    if mine.problems:
        remark(mine.report(path))
        return 2
    there = f"{len(mine.keys)} changed in" if mine.keys else 'to change one, write a line like  step = "x"  into'
    remark(f"{there} {path}")
    return 0
