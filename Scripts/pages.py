#!/usr/bin/env python3
"""Opens pages in headless Chromium and says what is wrong with them.

  Scripts/pages.py [--pictures FOLDER] PAGE…

Each page is opened at 360 and at 1100 pixels, light and dark. Wrong is: anything on the console, a request for anything but the page itself,
an error of the page's script, content that is wider than the window, a table that does not sort, a matrix whose order tears its diagonal apart,
something closed that is not on paper. With --pictures, leaves a picture of each.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile


class Browser:
  """Chromium at the other end of two pipes, which speak its DevTools' protocol."""

  def __init__(self, home):
    (theirs_in, ours_out), (ours_in, theirs_out) = os.pipe(), os.pipe()

    def place():
      # Where the browser expects them. First out of each other's way.
      read, write = os.dup(theirs_in), os.dup(theirs_out)
      high = [os.dup2(read, 200), os.dup2(write, 201)]
      os.dup2(high[0], 3)
      os.dup2(high[1], 4)

    self.process = subprocess.Popen(
      [
        os.environ.get("CHROMIUM", "chromium"), "--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
        "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", f"--user-data-dir={home}", "about:blank",
      ],
      preexec_fn=place, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(theirs_in)
    os.close(theirs_out)
    self.to, self.of, self.rest, self.number, self.events = ours_out, ours_in, b"", 0, []

  def message(self):
    while b"\0" not in self.rest:
      part = os.read(self.of, 1 << 16)
      if not part:
        raise SystemExit("the browser has ended")
      self.rest += part
    text, self.rest = self.rest.split(b"\0", 1)
    return json.loads(text)

  def ask(self, method, session=None, **parameters):
    self.number += 1
    call = {"id": self.number, "method": method, "params": parameters}
    if session:
      call["sessionId"] = session
    os.write(self.to, json.dumps(call).encode() + b"\0")
    while True:
      message = self.message()
      if message.get("id") == self.number:
        if "error" in message:
          raise SystemExit(f"{method}: {message['error']['message']}")
        return message["result"]
      self.events.append(message)

  def wait(self, method):
    while not any(event.get("method") == method for event in self.events):
      self.events.append(self.message())


def look(browser, page, width, scheme, picture):
  """What is wrong with a page at a width, in a colour scheme."""
  target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
  session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
  ask = lambda method, **parameters: browser.ask(method, session, **parameters)
  for domain in ("Page", "Runtime", "Log", "Network"):
    ask(f"{domain}.enable")
  ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False)
  ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
  browser.events.clear()
  address = page.resolve().as_uri()
  ask("Page.navigate", url=address)
  browser.wait("Page.loadEventFired")
  value = lambda text: ask("Runtime.evaluate", expression=text, returnByValue=True)["result"].get("value")
  wrong = []
  wide = value("document.documentElement.scrollWidth")
  if wide > width:
    wrong.append(f"is {wide} pixels wide in a window of {width}")
  if value("document.title") in (None, ""):
    wrong.append("has no title")
  unsorted = value("""(() => {
    for (const table of document.querySelectorAll('table.sortable')) {
      const heads = [...table.tHead.rows[0].cells], place = heads.findIndex(head => head.classList.contains('n'));
      if (place < 0) continue;
      heads[place].querySelector('button').click();
      const numbers = [...table.tBodies[0].rows].map(row => parseFloat(row.cells[place].textContent.replace(/,/g, ''))).filter(x => !isNaN(x));
      if (numbers.some((x, i) => i > 0 && x > numbers[i - 1])) return heads[place].textContent;
    }
    return null;
  })()""")
  if unsorted:
    wrong.append(f"does not sort by {unsorted}")
  torn = value("""(() => {
    for (const table of document.querySelectorAll('table.matrix')) {
      const buttons = [...table.parentElement.previousElementSibling.querySelectorAll('button')];
      if (buttons.length < 4) return 'no order';
      for (const button of buttons.reverse()) {
        button.click();
        const rows = [...table.tBodies[0].rows], heads = table.tHead.rows[0].cells;
        const mistakes = rows.map(row => Number(row.cells[row.cells.length - 2].textContent));
        const isRight = rows.every((row, place) => row.cells[0].textContent === heads[place + 1].textContent && [...row.cells].every(
          (cell, column) => column === 0 || (cell.classList.contains('right') ? column === place + 1 : column !== place + 1 || cell.textContent === '')));
        if (!isRight) return button.textContent;
        if (button.textContent === 'mistakes' && mistakes.some((count, place) => place > 0 && count > mistakes[place - 1])) return 'mistakes';
      }
    }
    return null;
  })()""")
  if torn:
    wrong.append(f"has a matrix that is torn apart in the order: {torn}")
  features = [{"name": "prefers-color-scheme", "value": scheme}]
  ask("Emulation.setEmulatedMedia", media="print", features=features)
  if not value("[...document.querySelectorAll('details>:not(summary)')].every(part => part.checkVisibility() && part.getBoundingClientRect().height > 0)"):
    wrong.append("has something closed that is not on paper")
  ask("Emulation.setEmulatedMedia", media="", features=features)
  if value("[...document.images].some(image => !image.complete || image.naturalWidth === 0)"):
    wrong.append("has a picture that cannot be shown")
  if picture:
    height = min(value("document.documentElement.scrollHeight"), 12000)
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    picture.write_bytes(base64.b64decode(shot["data"]))
  for event in browser.events:
    method, parameters = event.get("method"), event.get("params", {})
    if method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith((address, "data:")):
      wrong.append(f"asks for {parameters['request']['url'][:100]}")
    elif method == "Runtime.exceptionThrown":
      wrong.append(f"throws: {json.dumps(parameters['exceptionDetails'])[:300]}")
    elif method in ("Runtime.consoleAPICalled", "Log.entryAdded"):
      wrong.append(f"writes to the console: {json.dumps(parameters)[:300]}")
  browser.ask("Target.closeTarget", targetId=target)
  return wrong


def main(arguments):
  pictures = None
  if arguments[:1] == ["--pictures"]:
    pictures = pathlib.Path(arguments[1])
    pictures.mkdir(parents=True, exist_ok=True)
    arguments = arguments[2:]
  if not arguments:
    raise SystemExit(__doc__)
  failed = False
  with tempfile.TemporaryDirectory() as home:
    browser = Browser(home)
    for page in map(pathlib.Path, arguments):
      for width in (360, 1100):
        for scheme in ("light", "dark"):
          name = f"{page.parent.name}-{page.stem}-{width}-{scheme}.png"
          for problem in look(browser, page, width, scheme, pictures and pictures / name):
            failed = True
            print(f"{page} at {width} pixels, {scheme}: {problem}")
    browser.ask("Browser.close")
    browser.process.wait()
  print("something is wrong" if failed else f"{len(arguments)} pages are right")
  return 1 if failed else 0


if __name__ == "__main__":
  sys.exit(main(sys.argv[1:]))
