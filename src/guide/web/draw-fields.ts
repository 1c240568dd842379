import { exact, html, icon, type Html } from '../../web/index.ts';
import type { Field } from '../page.ts';
import { fieldName } from './said.ts';

/** More than these are a list to open rather than buttons to see at once. */
const choicesSeenMax = 5;

/** A field with its label, help and what is wrong with it. The value of a secret is never part of it. */
export function drawField(field: Field, at: number): Html {
  const asButtons =
    (field.type === 'boolean' || field.type === 'choice') &&
    choicesOf(field).length <= choicesSeenMax &&
    (field.required || field.type === 'boolean');
  return asButtons ? drawButtons(field, at) : drawSingle(field, at);
}

/** What must be looked at again, each leading to its field. */
export function drawProblems(fields: readonly Field[]): Html | false {
  const wrong = fields.flatMap((field, at) => (field.problem === null ? [] : [{ field, at }]));
  return (
    wrong.length > 0 &&
    html`<div class="notice bad" id="problems" role="alert" tabindex="-1">
      ${icon('bad')}
      <div>
        <h2>${wrong.length === 1 ? 'One answer needs' : `${wrong.length} answers need`} another look</h2>
        <ul>
          ${wrong.map(
            ({ field, at }) =>
              html`<li><a href="#${fieldName(at)}">${field.label}</a>: ${field.problem}</li> `,
          )}
        </ul>
      </div>
    </div>`
  );
}

function drawSingle(field: Field, at: number): Html {
  const id = fieldName(at);
  return html`<div class="field${field.problem !== null && ' wrong'}">
    <label for="${id}">${field.label}${optional(field)}</label>
    ${about(field, at)} ${control(field, at)}
  </div> `;
}

function control(field: Field, at: number): Html {
  const id = fieldName(at);
  const common = html`id="${id}" name="${id}" autocomplete="off" ${facts(field, at)}`;
  if (field.type === 'choice' || field.type === 'boolean')
    return html`<select ${common}>
      ${(!field.required || !hasChosen(field)) && html`<option value=""></option>`}
      ${choicesOf(field).map(
        ({ value, label }) =>
          html`<option value="${exact(value)}" ${isChosen(field, value) && html`selected`}>
            ${label}
          </option> `,
      )}
    </select>`;
  if (field.type === 'long-text')
    // A first line end is not part of what stands in the field.
    return html`<textarea ${common} rows="4">${!field.secret && exact(`\n${field.value ?? ''}`)}</textarea>`;
  const plain = html`spellcheck="false" autocapitalize="off" autocorrect="off"`;
  if (field.secret)
    return html`<div class="secret">
      <input type="password" ${common} ${plain} data-1p-ignore data-lpignore="true" />
      ${
        field.mayBeShown &&
        html`<button type="button" class="show" data-shows="${id}" aria-label="Show ${field.label}" hidden>
          Show
        </button>`
      }
    </div>`;
  const mode = { integer: 'numeric', port: 'numeric', url: 'url' }[String(field.type)] ?? 'text';
  return html`<input
    type="text"
    ${common}
    ${field.type !== 'text' && html`${plain} class="exactly ${field.type}"`}
    inputmode="${mode}"
    value="${exact(field.value ?? '')}"
  />`;
}

function drawButtons(field: Field, at: number): Html {
  const id = fieldName(at);
  return html`<fieldset class="field${field.problem !== null && ' wrong'}" ${facts(field, at)}>
    <legend>${field.label}${optional(field)}</legend>
    ${about(field, at)}
    <div class="options">
      ${choicesOf(field).map(
        ({ value, label }, index) =>
          html`<label class="option"
            ><input
              type="radio"
              name="${id}"
              id="${index === 0 ? id : `${id}-${index}`}"
              value="${exact(value)}"
              autocomplete="off"
              ${isChosen(field, value) && html`checked`}
            /><span>${label}</span></label
          > `,
      )}
    </div>
  </fieldset> `;
}

function choicesOf({ type, choices }: Field): Field['choices'] {
  if (type !== 'boolean' || choices.length > 0) return choices;
  return [
    { value: 'true', label: 'Yes' },
    { value: 'false', label: 'No' },
  ];
}

function isChosen({ type, value }: Field, choice: string): boolean {
  return type === 'boolean' ? value?.toLowerCase() === choice.toLowerCase() : value === choice;
}

/** Where nothing fits, nothing is chosen: the first choice would be, if there was no empty one. */
function hasChosen(field: Field): boolean {
  return choicesOf(field).some(({ value }) => isChosen(field, value));
}

const optional = ({ required }: Field): Html | false =>
  !required && html` <span class="optional">optional</span>`;

function about(field: Field, at: number): Html {
  const id = fieldName(at);
  return html`${field.help !== null && html`<p class="help" id="${id}-help">${field.help}</p>`}
  ${
    field.secret &&
    field.isKept &&
    html`<p class="kept" id="${id}-kept">
      ${icon('good')}There is an answer already. Leave this empty to keep it.
    </p>`
  }
  ${
    field.problem !== null &&
    html`<p class="problem" id="${id}-problem">${icon('bad')}<span>${field.problem}</span></p>`
  }`;
}

/** What a screen reader is told of a field besides its label. */
function facts(field: Field, at: number): Html {
  const id = fieldName(at);
  const told = [
    field.help !== null && `${id}-help`,
    field.secret && field.isKept && `${id}-kept`,
    field.problem !== null && `${id}-problem`,
  ].filter((one) => one !== false);
  return html`${told.length > 0 && html`aria-describedby="${told.join(' ')}"`}
  ${field.problem !== null && html`aria-invalid="true"`}
  ${field.required && !(field.secret && field.isKept) && html`aria-required="true"`}`;
}
