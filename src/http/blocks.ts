import { html, type Content, type Html } from '../web/index.ts';

/** A part of the page with its heading; `id` is what links and the live script know it by. */
export function section(id: string, heading: string, aside: Content, body: Content): Html {
  return html`<section id="${id}" aria-labelledby="${id}-heading">
    <div class="heading">
      <h2 id="${id}-heading">${heading}</h2>
      ${aside && html`<p class="aside">${aside}</p>`}
    </div>
    ${body}
  </section> `;
}

/** What stands where there is nothing yet: why, and what to type. */
export function empty(text: Content, ...commands: readonly string[]): Html {
  return html`<div class="card empty">
    <p>${text}</p>
    ${commands.map(typed)}
  </div>`;
}

/** A command to type, selected as a whole by one click. Its options are not broken at their hyphens. */
export function typed(line: string): Html {
  const pieces = line.split(/(?<= )(--[a-z]{1,16})(?= |$)/);
  return html`<p class="typed">
    <code
      >${pieces.map((piece, at) => (at % 2 === 1 ? html`<span class="flag">${piece}</span>` : piece))}</code
    >
  </p>`;
}

/** The word for a value that is not there. */
export function nothing(word: string): Html {
  return html`<span class="nothing">${word}</span>`;
}

/** A name, version or digest that people compare character by character. */
export function exactly(text: string): Html {
  return html`<span class="exactly">${text}</span>`;
}

/** The first characters of a digest, the whole of it for who asks. */
export function digest(hex: string): Html {
  return html`<span class="exactly quiet" title="${hex}">${hex.slice(0, 12)}</span>`;
}

export type Row = readonly Content[];

/**
 * A table that becomes one card a row where the screen is narrow; the column names then stand beside the values.
 * The roles are spelt out because a table laid out as blocks loses them. `bodies` are groups of rows: with more
 * than one column of `head`, the first cell of a group names the group and spans its rows.
 */
export function table(caption: string, head: readonly string[], bodies: readonly (readonly Row[])[]): Html {
  return html`<table class="card" role="table">
    <caption class="unseen">
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${head.map((name) => html`<th role="columnheader" scope="col">${name}</th>`)}
      </tr>
    </thead>
    ${bodies.map(
      (rows) =>
        html`<tbody role="rowgroup">
          ${rows.map((row, at) => tableRow(head, row, at, rows.length))}
        </tbody> `,
    )}
  </table> `;
}

function tableRow(head: readonly string[], [first, ...cells]: Row, at: number, rows: number): Html {
  const group = at === 0 && html`<th role="rowheader" scope="rowgroup" rowspan="${rows}">${first}</th>`;
  return html`<tr role="row">
    ${group}${cells.map(
      (cell, column) => html`<td role="cell" data-label="${head[column + 1]}"><div>${cell}</div></td>`,
    )}
  </tr> `;
}

/** Something to open: the line that always shows, and what is behind it. Stays as it is when the page is renewed. */
export function folded(id: string, line: Content, body: Content, facts: { readonly open: boolean }): Html {
  return html`<details id="${id}" ${facts.open && html` open`}>
    <summary>${line}</summary>
    <div class="inside">${body}</div>
  </details> `;
}
