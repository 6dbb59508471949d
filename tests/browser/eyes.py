"""What a careful person would notice about a page: barriers, cut text, small targets, strangers' hosts, what it keeps.

Each question returns what is wrong as short sentences; an empty list is a good page.
"""

import gzip
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page

AXE = (Path(__file__).parent / "vendor/axe-core-4.14.1/axe.min.js").read_text()
AT_REST = """() => Promise.allSettled(document.getAnimations()
  .filter(animation => Number.isFinite(animation.effect.getComputedTiming().endTime))
  .map(animation => animation.finished))"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
GRAVE = {"serious", "critical"}

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SHOWN = """
  const shown = e => e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true}) && e.getClientRects().length > 0
    && !e.closest('.visually-hidden');
  const name = e => (e.getAttribute('aria-label') || e.innerText || e.value || e.name || e.id || e.tagName)
    .trim().replace(/\\s+/g, ' ').slice(0, 40);
"""
CUT = (
    "() => {"
    + SHOWN
    + """
  return [...document.querySelectorAll('button, .btn, .chip, .filter, .tag, .badge, summary')]
    .filter(e => shown(e) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 3)
      && getComputedStyle(e).display !== 'inline')
    .map(e => `${name(e)} is cut: ${e.scrollWidth}x${e.scrollHeight} in ${e.clientWidth}x${e.clientHeight}`);
}"""
)
SMALL = (
    "least => {"
    + SHOWN
    + """
  // A link inside a sentence has the height of its line (the exception of WCAG 2.5.8).
  const inline = e => e.tagName === 'A' && getComputedStyle(e).display === 'inline';
  const size = e => {
    const boxes = [e.getBoundingClientRect()];
    if (e.matches('input[type=checkbox], input[type=radio]')) {
      for (const label of e.labels) boxes.push(label.getBoundingClientRect());
      const choice = e.closest('.choice');
      if (choice && choice.tagName === 'LABEL') boxes.push(choice.getBoundingClientRect());
    }
    return [Math.max(...boxes.map(b => b.width)), Math.max(...boxes.map(b => b.height))];
  };
  return [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
    .filter(e => shown(e) && !inline(e) && !e.disabled)
    .map(e => [e, ...size(e)])
    .filter(([e, width, height]) => width < least - 0.5 || height < least - 0.5)
    .map(([e, width, height]) => `${name(e)} is ${Math.round(width)}x${Math.round(height)}`);
}"""
)
LOADED = "performance.getEntriesByType('resource').map(e => e.name).filter(n => /\\.(js|css)(\\?|$)/.test(n))"
HIDDEN_COLUMNS = """() => [...document.querySelectorAll('.table-wrap')]
  .filter(e => e.scrollWidth > e.clientWidth + 1)
  .map(e => `a table hides ${e.scrollWidth - e.clientWidth} px of its columns`)"""
KEPT = """async () => {
  const kept = {...localStorage, ...sessionStorage};
  for (const base of await indexedDB.databases()) kept[`database ${base.name}`] = base.version;
  if (window.caches) for (const name of await caches.keys()) kept[`cache ${name}`] = '';
  return kept;
}"""
MOVING = """() => [...document.querySelectorAll('*')].flatMap(e => ['', '::before', '::after'].map(part => {
  const style = getComputedStyle(e, part || undefined);
  const lasts = [style.transitionDuration, style.animationDuration].flatMap(d => d.split(',')).map(parseFloat);
  return lasts.some(d => d > 0) && `${e.tagName.toLowerCase()}.${e.className.baseVal ?? e.className}${part} moves`;
})).filter(Boolean).slice(0, 5)"""
PACE = """() => new Promise(tell => {
  const seen = {shift: 0, paint: 0, blocking: 0};
  const note = list => { for (const entry of list) {
    if (entry.entryType === 'layout-shift' && !entry.hadRecentInput) seen.shift += entry.value;
    if (entry.entryType === 'largest-contentful-paint') seen.paint = entry.startTime;
    if (entry.entryType === 'longtask') seen.blocking += entry.duration - 50;
  } };
  const observers = ['layout-shift', 'largest-contentful-paint', 'longtask'].map(type => {
    const observer = new PerformanceObserver(list => note(list.getEntries()));
    observer.observe({type, buffered: true});
    return observer;
  });
  setTimeout(() => { for (const each of observers) { note(each.takeRecords()); each.disconnect(); } tell(seen); }, 30);
})"""


def barriers(page: Page) -> list[str]:
    """What axe finds serious or critical under WCAG 2.2 AA, once whatever is fading in has come to rest."""
    page.evaluate(AT_REST)
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": AXE})  # past the page's policy, which refuses foreign script
    session.detach()
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}}).then(result => result.violations)", RULES
    )
    return [
        f"{rule['id']} at {node['target'][0]}: {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        if rule["impact"] in GRAVE
        for node in rule["nodes"]
    ]


def sideways(page: Page) -> list[str]:
    """Whether the page scrolls sideways."""
    pixels = page.evaluate(SIDEWAYS)
    return [f"it scrolls sideways by {pixels} px"] if pixels > 0 else []


def cut_text(page: Page) -> list[str]:
    """Buttons and chips whose words do not fit."""
    return list(page.evaluate(CUT))


def small_targets(page: Page, least: int) -> list[str]:
    """Controls smaller than `least` CSS pixels either way; for tick boxes the label counts."""
    return list(page.evaluate(SMALL, least))


def moving(page: Page) -> list[str]:
    """What fades, slides or turns; nothing may on a page that was opened with reduced motion."""
    return list(page.evaluate(MOVING))


def pace(page: Page) -> dict[str, float]:
    """How the page came up so far: `shift` of its layout (CLS), largest `paint` (LCP) and `blocking` in ms."""
    return dict(page.evaluate(PACE))


def kept(page: Page) -> list[str]:
    """What the page left in the browser's storage."""
    return [f"{key} = {value}" for key, value in page.evaluate(KEPT).items()]


def weight(page: Page, sizes: dict[str, int]) -> tuple[int, int]:
    """Bytes of script and of style sheets that the page loaded, compressed; `sizes` remembers files between pages."""
    loaded: list[str] = page.evaluate(LOADED)
    for url in loaded:
        if url not in sizes:
            sizes[url] = len(gzip.compress(page.request.get(url).body()))
    scripts, sheets = (
        sum(sizes[url] for url in loaded if urlsplit(url).path.endswith(ending)) for ending in (".js", ".css")
    )
    return scripts, sheets


def hidden_columns(page: Page) -> list[str]:
    """Tables wider than the room they have, so that their last columns hide behind a scroll bar."""
    return list(page.evaluate(HIDDEN_COLUMNS))


def is_strange(url: str, home: str) -> bool:
    """Whether `url` asks another host than `home`."""
    address = urlsplit(url)
    return address.scheme in {"http", "https", "ws", "wss"} and address.netloc != urlsplit(home).netloc
