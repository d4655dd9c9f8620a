"""Thunderbird without a screen, driven through its Marionette port: the program is the one that is installed, and what runs in it is
what its own windows call. A profile of its own lies in a folder of the test."""
import json
import os
import signal
import socket
import subprocess
import time

# What a new profile would do by itself: ask, greet, look for updates, write home.
QUIET = {
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.inappnotifications.url": "",
    "mail.provider.enabled": False,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.confirm.moveFoldersToTrash": False,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "network.proxy.type": 0,
    "places.history.enabled": False,
    "services.settings.server": "data:,",
    "toolkit.telemetry.enabled": False,
    "toolkit.telemetry.server": "",
    "mail.donation.enabled": False,
    "gfx.canvas.accelerated": False,
    "mail.biff.show_alert": False,
    "mail.biff.play_sound": False,
    "mailnews.database.global.indexer.enabled": False,
}


class Failed(Exception):
    """What was asked for could not be done; Thunderbird's own words."""


class Asks(Failed):
    """Thunderbird shows a window with a question or bad news; its words."""


class Thunderbird:
    """`with Thunderbird(folder, prefs) as t: t.js("return 1 + a", a=2)`."""

    def __init__(self, folder, prefs, slow=1):
        self.folder, self.slow, self.last = folder, slow, 0
        self.profile = os.path.join(folder, "profile")
        os.makedirs(self.profile, exist_ok=True)
        self.port_file = os.path.join(self.profile, "MarionetteActivePort")
        with open(os.path.join(self.profile, "user.js"), "w", encoding="utf-8") as f:
            for name, value in {**QUIET, "marionette.port": 0, **prefs}.items():
                f.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        self.process = None

    def __enter__(self):
        environment = {"HOME": self.folder, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TMPDIR": self.folder, "MOZ_CRASHREPORTER_DISABLE": "1",
                       "TZ": "UTC", "XDG_RUNTIME_DIR": self.folder}
        if os.path.exists(self.port_file):
            os.remove(self.port_file)
        with open(os.path.join(self.folder, "thunderbird.log"), "ab") as log:
            self.process = subprocess.Popen(["thunderbird", "-headless", "-no-remote", "-profile", self.profile, "-marionette", "-remote-allow-system-access"],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True)
        try:
            self.connect()
        except BaseException:
            self.kill()
            raise
        return self

    def connect(self):
        end = time.monotonic() + 60 * self.slow
        while not os.path.exists(self.port_file) or not open(self.port_file).read().strip():
            if self.process.poll() is not None:
                raise Failed(f"Thunderbird ended with status {self.process.returncode}")
            if time.monotonic() > end:
                raise Failed("Thunderbird does not open its Marionette port")
            time.sleep(0.05)
        self.socket = socket.create_connection(("127.0.0.1", int(open(self.port_file).read())), timeout=60 * self.slow)
        self.file = self.socket.makefile("rb")
        self.hello = self.receive()
        self.version = self.ask("WebDriver:NewSession", capabilities={"alwaysMatch": {"unhandledPromptBehavior": "ignore"}})["capabilities"]["browserVersion"]
        self.ask("Marionette:SetContext", value="chrome")
        self.ask("WebDriver:SetTimeouts", script=40000 * self.slow)

    def receive(self):
        """One packet: its length, a colon, JSON."""
        try:
            size = b""
            while not size.endswith(b":"):
                octet = self.file.read(1)
                if not octet:
                    raise Failed("Thunderbird has closed its Marionette port")
                size += octet
            return json.loads(self.file.read(int(size[:-1])))
        except TimeoutError:
            raise Failed("Thunderbird does not answer") from None

    def ask(self, command, **parameters):
        self.last += 1
        text = json.dumps([0, self.last, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self.receive()
        if error:
            raise Failed(f"{error['error']}: {error['message']}\n{error['stacktrace'][:1500]}")
        return result

    def js(self, script, **values):
        """Runs the body of an async function; `values` are variables in it."""
        wrapped = f"""const [values, resolve] = arguments;
const {{ {", ".join(values) if values else ""} }} = values;
(async () => {{ {script} }})().then(v => resolve([true, v === undefined ? null : v]), e => resolve([false, String(e) + "\\n" + (e && e.stack)]));"""
        answer, late = None, None
        try:
            answer = self.ask("WebDriver:ExecuteAsyncScript", script=wrapped, args=[values], newSandbox=False, sandbox="system")["value"]
        except Failed as e:
            late = e
        if answer is None:  # a question to the user ends a script, or holds it up
            try:
                question = self.ask("WebDriver:GetAlertText")["value"]
            except Failed as e:
                raise late or e
            raise Asks(question) from late
        if not answer[0]:
            raise Failed(answer[1])
        return answer[1]

    def quit(self):
        """As the menu's entry does; the profile has then been written."""
        try:
            self.ask("Marionette:Quit", flags=["eForceQuit"])
        except (Failed, OSError):
            pass  # it may be gone before it has answered
        try:
            self.process.wait(20 * self.slow)
        except subprocess.TimeoutExpired:
            pass

    def kill(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def __exit__(self, kind, *_):
        if kind is None:
            self.quit()
        self.kill()
