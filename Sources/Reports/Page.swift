import GlissadeCharts
import Mustache

/// A page's frame: everything is in the file, and the page says so to the browser, which then loads nothing from elsewhere.
enum Page {
  /// Fills a template in. What is put into it is text unless the template says otherwise with three braces, which is for our own SVG alone.
  /// - Parameters:
  ///   - body: of mustache, for what is between the page's head and its end.
  ///   - context: what it names; `title` for the head.
  static func html(_ body: String, _ context: [String: Any]) -> String {
    do {
      let template = try MustacheTemplate(string: head + body + end)
      return template.render(context.merging(["chart_style": ChartStyle.css]) { $1 })
    } catch {
      // A template is a constant of this module, and tests fill in every one.
      return "<!doctype html><title>report</title><p>the page's template is not one: \(error)</p>"
    }
  }

  private static let head = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
    <meta name="color-scheme" content="light dark">
    <title>{{title}}</title>
    <style>
    :root{--paper:#fff;--ink:#1c1c1e;--faint:#e2e2e6;--mark:#55555c;--warn:#8a3300;--warnpaper:#fff3ea;--tip:#00513d;--tippaper:#eaf7f2}
    @media(prefers-color-scheme:dark){:root{--paper:#18181b;--ink:#f4f4f5;--faint:#3a3a40;--mark:#b4b4bc;--warn:#ffb98a;--warnpaper:#33221a;--tip:#7fe0bf;--tippaper:#16302a}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:1040px;padding:16px;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
    h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0}
    h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--faint)}
    h3{font-size:1rem;margin:1rem 0 .25rem}
    .result{font-size:1.15rem;font-weight:600}
    .note{color:var(--mark);font-size:.9rem}
    .warn,.tip{padding:.5rem .75rem;border-radius:6px;margin:.5rem 0}
    .warn{background:var(--warnpaper);color:var(--warn)}
    .tip{background:var(--tippaper);color:var(--tip)}
    .charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:12px}
    .charts svg,.map svg{display:block;width:100%;height:auto;border:1px solid var(--faint);border-radius:6px}
    .map.small{max-width:520px}
    .wide{overflow-x:auto}
    table{border-collapse:collapse;font-size:.9rem}
    th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid var(--faint);vertical-align:top;overflow-wrap:normal}
    td.t{overflow-wrap:anywhere;min-width:8rem}
    td.s{min-width:15rem}
    td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    th button{all:unset;cursor:pointer;font:inherit}
    th button:focus-visible{outline:2px solid var(--tip)}
    th[aria-sort=ascending] button::after{content:" ▲"}
    th[aria-sort=descending] button::after{content:" ▼"}
    .matrix th,.matrix td{padding:.15rem .3rem;text-align:right;white-space:nowrap;vertical-align:bottom}
    .matrix td{position:relative;isolation:isolate;min-width:2.4rem;font-variant-numeric:tabular-nums}
    .matrix small{display:block}
    .matrix td[class]::before{content:"";position:absolute;inset:1px;z-index:-1;border-radius:3px;opacity:var(--s);background:var(--c1);print-color-adjust:exact;-webkit-print-color-adjust:exact}
    .matrix td.right::before{background:var(--c2)}
    .matrix th{font-weight:400;max-width:12rem;overflow:hidden;text-overflow:ellipsis}
    .matrix th span{display:inline-block;writing-mode:vertical-rl;transform:rotate(180deg);max-height:9rem;overflow:hidden;text-overflow:ellipsis}
    .matrix tr>:first-child{position:sticky;left:0;z-index:1;background:var(--paper)}
    .orders button{margin:0 .15rem;padding:.1rem .5rem;border:1px solid var(--mark);border-radius:6px;background:var(--paper);color:var(--ink);font:inherit;cursor:pointer}
    .orders button[aria-pressed=true]{background:var(--ink);color:var(--paper)}
    dl{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.15rem 1rem;margin:.5rem 0}
    dt{color:var(--mark)}dd{margin:0}
    .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(136px,1fr));gap:12px;list-style:none;padding:0}
    .pictures li{border:1px solid var(--faint);border-radius:6px;padding:8px;font-size:.85rem}
    .pictures img{display:block;width:100%;aspect-ratio:1;object-fit:contain;image-rendering:auto;margin-bottom:6px}
    .samples{display:flex;flex-wrap:wrap;gap:12px}
    figure{margin:0;max-width:100%}
    figcaption{max-width:404px}
    .strip{display:flex;flex-wrap:wrap;gap:4px}
    .strip img{display:block;width:96px;height:96px;object-fit:contain;border:1px solid var(--faint);border-radius:4px}
    .strip.small img{width:64px;height:64px;image-rendering:pixelated}
    summary{cursor:pointer;margin:.5rem 0}
    pre{white-space:pre-wrap;font-size:.85rem;border:1px solid var(--faint);border-radius:6px;padding:.75rem}
    footer{margin-top:2rem;color:var(--mark);font-size:.85rem}
    {{{chart_style}}}
    @media(max-width:480px){table{font-size:.8rem}th,td{padding:.25rem .35rem}td.t:not(.s){min-width:4.5rem}.matrix th{max-width:6rem}}
    @media print{body{max-width:none;padding:0}.charts,.pictures li,table{break-inside:avoid}.wide{overflow:visible}.matrix{font-size:6pt}.matrix td{min-width:0}.orders{display:none}}
    @media print{details::details-content{display:block;content-visibility:visible;height:auto}}
    </style>
    </head>
    <body>

    """

  /// Tables can be sorted where there is JavaScript; numbers by what they say. A matrix is ordered as a whole, so that its diagonal stays one. What
  /// is closed is opened for paper, also by browsers whose style sheets do not reach in there.
  private static let end = """

    <script>
    for (const table of document.querySelectorAll('table.sortable')) {
      const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
      heads.forEach((head, column) => {
        const button = document.createElement('button');
        button.type = 'button';
        button.append(...head.childNodes);
        head.append(button);
        button.addEventListener('click', () => {
          const up = head.getAttribute('aria-sort') === 'descending';
          heads.forEach(each => each.removeAttribute('aria-sort'));
          head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
          const number = row => {
            const text = row.cells[column].textContent.replace(/[,%]/g, '').trim();
            return text === '' || text === '–' ? NaN : Number(text);
          };
          const words = row => row.cells[column].textContent;
          const order = (a, b) => {
            const x = number(a), y = number(b);
            if (head.classList.contains('n')) return isNaN(x) ? (isNaN(y) ? 0 : -1) : isNaN(y) ? 1 : x - y;
            return words(a).localeCompare(words(b));
          };
          const rows = [...body.rows].sort((a, b) => up ? order(a, b) : order(b, a));
          body.append(...rows);
        });
      });
    }
    for (const table of document.querySelectorAll('table.matrix')) {
      const body = table.tBodies[0], rows = [...body.rows];
      const cells = [table.tHead.rows[0], ...rows].map(row => [...row.cells]);
      const name = row => row.cells[0].textContent;
      const last = (row, place) => Number(row.cells[row.cells.length - place].textContent);
      const orders = {
        'as listed': () => 0,
        'name': (a, b) => name(a).localeCompare(name(b)),
        'mistakes': (a, b) => last(b, 2) - last(a, 2),
        'samples': (a, b) => last(b, 1) - last(a, 1),
      };
      const line = document.createElement('p');
      line.className = 'note orders';
      line.append('In order: ');
      for (const [title, order] of Object.entries(orders)) {
        const button = document.createElement('button');
        button.type = 'button';
        button.textContent = title;
        button.setAttribute('aria-pressed', title === 'as listed');
        button.addEventListener('click', () => {
          const places = rows.map((_, place) => place).sort((a, b) => order(rows[a], rows[b]));
          for (const row of cells) row[0].after(...places.map(place => row[place + 1]));
          body.append(...places.map(place => rows[place]));
          for (const each of line.querySelectorAll('button')) each.setAttribute('aria-pressed', each === button);
        });
        line.append(button);
      }
      table.parentElement.before(line);
    }
    addEventListener('beforeprint', () => {
      for (const part of document.querySelectorAll('details:not([open])')) part.open = part.wasClosed = true;
    });
    addEventListener('afterprint', () => {
      for (const part of document.querySelectorAll('details')) if (part.wasClosed) part.open = part.wasClosed = false;
    });
    </script>
    </body>
    </html>

    """
}
