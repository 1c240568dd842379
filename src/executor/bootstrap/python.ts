/**
 * What Python runs before and around a script. Values arrive on descriptor 3 as one JSON document,
 * `{"body": text or null, "variables": {name: value or null}}`; it is closed before the script starts. The functions
 * are those that Octopus offers, by its names, and the two for the state of an environment besides.
 */
export const pythonBootstrap = String.raw`
import base64
import json
import os
import sys
import traceback
import types


class _Variables(dict):
    def __missing__(self, name):
        return ""


def _handed_over():
    with os.fdopen(3, "rb") as pipe:
        handed = json.loads(pipe.read().decode("utf-8"))
    return handed["body"], _Variables((name, value) for name, value in handed["variables"].items() if value is not None)


_body, octopusvariables = _handed_over()


def _message(kind, /, **values):
    attributes = "".join(" %s='%s'" % (key, encode(value)) for key, value in values.items())
    print("##octopus[%s%s]" % (kind, attributes), flush=True)


def _say(level, text):
    print("##octopus[stdout-%s]\n%s\n##octopus[stdout-default]" % (level, text), flush=True)


def encode(value):
    return base64.b64encode(str(value).encode("utf-8", "surrogatepass")).decode("ascii")


def decode(value):
    return base64.b64decode(value).decode("utf-8")


def get_octopusvariable(name):
    return octopusvariables[name]


def set_octopusvariable(name, value, sensitive=False):
    octopusvariables[name] = str(value)
    _message("setVariable", name=name, value=value, sensitive="True" if sensitive else "False")


def createartifact(path, fileName=None):
    full = os.path.abspath(path)
    name = fileName or os.path.basename(full)
    length = os.path.getsize(full) if os.path.isfile(full) else 0
    printverbose("Artifact %s will be collected from %s after this step completes" % (name, full))
    _message("createArtifact", path=full, name=name, length=length)


def updateprogress(progress, message=""):
    _message("progress", percentage=progress, message=message)


def failstep(message=None):
    if message is not None:
        _message("resultMessage", message=message)
    sys.exit(-1)


def printverbose(message):
    _say("verbose", message)


def printhighlight(message):
    _say("highlight", message)


def printwait(message):
    _say("wait", message)


def printwarning(message):
    _say("warning", message)


def set_environmentstate(key, value, sensitive=False):
    _message("set-environmentstate", key=key, value=value, sensitive="True" if sensitive else "False", type="State")


def set_environmenturl(key, url):
    _message("set-environmentstate", key=key, value=url, sensitive="False", type="Url")


def _run(script, body):
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if get_octopusvariable("Octopus.Action.Script.SuppressEnvironmentLogging").lower() != "true":
        try:
            printverbose("Python %s on %s, process %d, in %s" % (sys.version.split()[0], sys.platform, os.getpid(), os.getcwd()))
        except BrokenPipeError:
            pass  # Where nobody reads any more, it is the script's own output that ends it, not this line.
    if body is None:
        with open(script, "rb") as file:
            body = file.read()
    module = types.ModuleType("__main__")
    module.__dict__.update(__file__=script, __builtins__=__builtins__)
    offered = (
        encode, decode, get_octopusvariable, set_octopusvariable, createartifact, updateprogress, failstep,
        printverbose, printhighlight, printwait, printwarning, set_environmentstate, set_environmenturl,
    )
    module.__dict__.update({function.__name__: function for function in offered}, octopusvariables=octopusvariables)
    sys.modules["__main__"] = module
    sys.argv = [script]
    sys.path[0] = os.path.dirname(script)
    try:
        exec(compile(body, script, "exec"), module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        traceback.print_exception(type(error), error, error.__traceback__ and error.__traceback__.tb_next)
        sys.exit(1)


_run(sys.argv[1], _body)
`;
