"""The command line: options in, results to stdout, remarks to stderr.

Exit status: 0 all held, 1 an expectation failed, 2 the scenario or the command line is wrong, 130 interrupted.
Only click is imported here; each command imports what it needs when it runs, so that --help answers at once.
"""

import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import click

import tui_nn

INTERRUPTED = 130


def scenario_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.argument("scenario", metavar="SCENARIO")(command)


def set_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Change one setting of the scenario, such as optimizer.lr=0.1. May be repeated."
    return click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help=text)(command)


def json_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--json", "as_json", is_flag=True, help="Answer in JSON; nan and inf are strings.")(command)


def checkpoint_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Memory for checkpoints, in MB; as a rule 64, or as much as 128 take. More shortens the way back."
    return click.option("--checkpoint-mb", type=click.IntRange(1, 1_000_000), metavar="MB", help=text)(command)


def lang_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Language of titles and lessons."
    return click.option("--lang", type=click.Choice(["en", "ko"]), help=text)(command)


def ascii_option(command: Callable[..., Any]) -> Callable[..., Any]:
    text = "Draw with ASCII only, for fonts where box and block characters are wide."
    return click.option("--ascii", "ascii_only", is_flag=True, help=text)(command)


class ReaderGone(Exception):
    """Whoever read our output (head, less) has seen enough."""


class Group(click.Group):
    """Lists the commands in the order in which a newcomer meets them, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None  # click would answer with status 1, which here means a failed expectation


@click.group(
    cls=Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(tui_nn.__version__, prog_name="tui-nn")
@lang_option
@ascii_option
@click.pass_context
def cli(ctx: click.Context, lang: str | None, ascii_only: bool) -> None:
    """A debugger for neural-network training.

    SCENARIO is a preset's id (see `tui-nn list`) or the path of a .toml file. Without a command, the gallery of
    presets opens.
    """
    if ctx.invoked_subcommand is not None:
        # Given before the command, they hold for it too, unless it has its own.
        given = {"lang": lang} if lang else {}
        given |= {"ascii_only": True} if ascii_only else {}
        ctx.default_map = {ctx.invoked_subcommand: given}
        return
    from tui_nn.cli_open import open_gallery

    ctx.exit(open_gallery(lang=lang, ascii_only=ascii_only))


@cli.command("open")
@click.argument("scenario", metavar="SCENARIO", required=False)
@click.option(
    "--recover",
    is_flag=False,
    flag_value="",
    metavar="[ID]",
    help="Go on with a session that was cut off (see `tui-nn sessions`); without ID the newest.",
)
@set_option
@click.option("--at", type=click.IntRange(min=0), metavar="N", help="Go to iteration N first.")
@checkpoint_option
@click.option("--no-twin", is_flag=True, help="Leave the network shut that the scenario names to be seen beside it.")
@lang_option
@ascii_option
@click.pass_context
def open_command(
    ctx: click.Context, scenario: str | None, recover: str | None, overrides: Sequence[str], **options: Any
) -> None:
    """The debugger on one scenario, or on a saved session (FILE.tuinn)."""
    from tui_nn.cli_open import open_saved, open_scenario
    from tui_nn.debugger.session_lines import is_session_ref

    if recover is not None:
        if scenario is not None:
            raise click.UsageError("--recover opens what was open; name a scenario or recover, not both")
        from tui_nn.cli_sessions import recovered_ref

        scenario = recovered_ref(recover)
    if scenario is None:
        raise click.UsageError("Missing argument 'SCENARIO'.")
    if not is_session_ref(scenario):
        ctx.exit(open_scenario(scenario, overrides, **options))
    if overrides:
        raise click.UsageError("--set changes a scenario before it starts; a saved session has started")
    ctx.exit(open_saved(scenario, **options))


@cli.command("sessions")
@json_option
@click.pass_context
def sessions_command(ctx: click.Context, as_json: bool) -> None:
    """Sessions that were cut off and can be recovered."""
    from tui_nn.cli_sessions import print_sessions

    ctx.exit(print_sessions(as_json=as_json))


@cli.command("list")
@json_option
@lang_option
def list_command(as_json: bool, lang: str | None) -> None:
    """Every preset: id, title, what it teaches."""
    from tui_nn.cli_show import print_presets

    print_presets(as_json=as_json, lang=lang)


@cli.command("run")
@scenario_argument
@click.option("--iterations", type=click.IntRange(min=0), metavar="N", help="Train for N updates.")
@click.option("--epochs", type=click.IntRange(min=0), metavar="N", help="Train for N passes over the data.")
@click.option("--until", metavar="EXPR", help="Stop where a condition first holds, such as 'loss < 0.1'.")
@click.option(
    "--by",
    type=click.Choice(["iteration", "op"]),
    default="iteration",
    help="Look at --until after each iteration, or op.",
)
@click.option(
    "--break", "stops", multiple=True, metavar="STOP", help="Halt at an op, iteration or epoch, or where a condition becomes "
    "true or a value changes: 'op loss mse', 'epoch 3', 'loss > 1', 'weight.dense_1[0,0] changes sign'.",
)  # fmt: skip
@set_option
@click.option(
    "--edit",
    "edits",
    metavar="'AT: KEY=VALUE'",
    multiple=True,
    help="Change a setting in the middle of the run: '100: optimizer.lr=0.01', or at an op: '100:3: weight.dense_1[0,1]=0.5'. May be repeated.",
)
@checkpoint_option
@json_option
@click.option(
    "--trace", type=click.Path(dir_okay=False), metavar="FILE", help="Write every iteration's metrics (JSONL)."
)
@click.option(
    "--save", type=click.Path(dir_okay=False), metavar="FILE", help="Save the session (.tuinn); `tui-nn open` opens it."
)
@click.option("--plot", metavar="METRICS", help="Draw curves below the report, such as loss,val_loss.")
@click.pass_context
def run_command(ctx: click.Context, iterations: int | None, epochs: int | None, **options: Any) -> None:
    """Headless: train to the planned end, and report."""
    if iterations is not None and epochs is not None:
        raise click.UsageError("--iterations and --epochs say the same thing twice; give one of them")
    from tui_nn.cli_run import run_scenario

    ctx.exit(run_scenario(iterations=iterations, epochs=epochs, **options))


@cli.command("play")
@scenario_argument
@set_option
@click.option("--headless", is_flag=True, help="Print the lesson as a transcript and check the expectations.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=100),
    default=1.0,
    help="Of the screen's playback; 2 is twice as fast.",
)
@json_option
@click.option("--record", metavar="FILE", help="Write the lesson as an asciicast, as it would be seen on the screen.")
@click.option("--size", metavar="COLUMNSxROWS", default="120x40", show_default=True, help="Of the recorded screen.")
@lang_option
@ascii_option
@click.pass_context
def play_command(
    ctx: click.Context, headless: bool, scenario: str, overrides: Sequence[str], record: str | None, size: str,
    as_json: bool, **options: Any,
) -> None:  # fmt: skip
    """A scenario's scripted lesson, by itself."""
    from tui_nn.cli_play import play_headless, play_on_screen, record_lesson

    if as_json and (record is not None or not headless):
        raise click.UsageError("--json is the transcript for a program; give it with --headless")
    if record is not None:
        if headless:
            raise click.UsageError("--record draws the screen and --headless does without; give one of them")
        ctx.exit(record_lesson(scenario, overrides, record, size, **options))
    if headless:
        ctx.exit(play_headless(scenario, overrides, as_json=as_json, **options))
    ctx.exit(play_on_screen(scenario, overrides, **options))


@cli.command("test")
@click.argument("scenarios", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--seeds", type=click.IntRange(min=1, max=10_000), metavar="N", help="Check seeds 0 to N-1; 19 in 20 must hold."
)
@set_option
@json_option
@click.option("--junit", type=click.Path(dir_okay=False), metavar="FILE", help="Write a JUnit report too.")
@click.option("--jobs", type=click.IntRange(min=1, max=256), default=1, metavar="N", help="Processes to use.")
@click.pass_context
def test_command(ctx: click.Context, **options: Any) -> None:
    """Headless: check expectations; every preset's by default."""
    from tui_nn.cli_test import run_tests

    ctx.exit(run_tests(**options))


@cli.command("show")
@scenario_argument
@set_option
@json_option
def show_command(scenario: str, overrides: Sequence[str], as_json: bool) -> None:
    """Layers with shapes and parameters, and the program."""
    from tui_nn.cli_show import print_scenario

    print_scenario(scenario, overrides, as_json=as_json)


@cli.command("rescue")
@scenario_argument
@set_option
@click.option("--from", "first", type=click.IntRange(min=0), default=0, metavar="N", help="Try no iteration before N.")
@click.option(
    "--clip",
    type=click.FloatRange(min=0, min_open=True),
    metavar="NORM",
    help="Clip gradients to this length; by default half their median length before the loss took off.",
)
@json_option
@click.pass_context
def rescue_command(ctx: click.Context, **options: Any) -> None:
    """The last iteration from which lr/10, or clipping, saves a run.

    Every iteration before the first number that is not finite is tried, to the planned end. A run is saved if it stays
    finite and ends with a loss of at most twice its best one before it broke. Either is a mean over an epoch's iterations:
    at least 10, at most a tenth of those before the break. Exit status 1: it breaks, and neither saves it.
    """
    from tui_nn.cli_rescue import rescue_scenario

    ctx.exit(rescue_scenario(**options))


@cli.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@click.option(
    "--iterations", type=click.IntRange(min=1), metavar="N", help="Train both so far, not to their planned end."
)
@set_option
@click.option("--set-a", "set_a", metavar="KEY=VALUE", multiple=True, help="The same, for the first alone.")
@click.option("--set-b", "set_b", metavar="KEY=VALUE", multiple=True, help="The same, for the second alone.")
@json_option
def compare_command(
    first: str, second: str, iterations: int | None, overrides: Sequence[str], set_a: Sequence[str], set_b: Sequence[str],
    as_json: bool,
) -> None:  # fmt: skip
    """Two runs side by side: settings, first differing operation, metrics.

    A and B are presets, .toml files or saved sessions (.tuinn); of these the run counts that was looked at last, as far
    as it had got.
    """
    from tui_nn.cli_compare import run_compare

    run_compare(first, second, iterations, overrides, set_a, set_b, as_json)


@cli.command("bench")
@click.option("--workload", "names", metavar="NAME", multiple=True, help="Only this network. May be repeated.")
@click.option("--scaling", "is_scaling", is_flag=True, help="Widths, depths and batches instead, without peers.")
@click.option(
    "--peer-python",
    "pythons",
    type=click.Path(exists=True, dir_okay=False),
    envvar="TUI_NN_PEER_PYTHON",
    multiple=True,
    help="A Python that may have a peer (JAX, PyTorch). May be repeated; this one is always asked too.",
)
@click.option("--quick", "is_quick", is_flag=True, help="A smoke run: that it works, not how fast.")
@json_option
@click.pass_context
def bench_command(ctx: click.Context, **options: Any) -> None:
    """Time of one training iteration, beside any peer that is installed."""
    from tui_nn.cli_bench import run_bench

    ctx.exit(run_bench(**options))


@cli.command("keys")
@json_option
@click.pass_context
def keys_command(ctx: click.Context, as_json: bool) -> None:
    """Every key of the screen, and the file to change them in."""
    from tui_nn.cli_keys import print_keys

    ctx.exit(print_keys(as_json=as_json))


@cli.command("schema")
def schema_command() -> None:
    """The scenario format as JSON Schema."""
    import json

    from tui_nn.scenario import schema

    click.echo(json.dumps(schema(), indent=2, ensure_ascii=False))


def hold_blas_to_one_thread() -> None:
    """One thread is faster and steadier at these sizes, and sums keep their order. Before NumPy is imported."""
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; whatever a user can cause ends in a message, never in a traceback."""
    hold_blas_to_one_thread()
    try:
        sys.exit(cli.main(args, prog_name="tui-nn", standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        sys.exit(INTERRUPTED)
    except ReaderGone:
        # Or the interpreter complains when it flushes stdout at the very end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        fail(f"{error.filename or 'tui-nn'}: {error.strerror or error}")
    except Exception as error:
        if is_input_error(error):
            fail(str(error))
        raise


def is_input_error(error: Exception) -> bool:
    """Is it a scenario or a condition that is wrong? Asked only now: the module that defines them imports pydantic."""
    scenario = sys.modules.get("tui_nn.scenario")
    if scenario is None:
        return False
    return isinstance(error, (scenario.ScenarioError, scenario.ExpressionError))
