import { xmlNamespace, xmlnsNamespace } from './tree.ts';
import type { TreeAttribute, TreeElement } from './tree-node.ts';

type Scope = {
  /** How many declarations were in force outside. */
  readonly outside: number;
  readonly outsideDefault: string;
  /** Declarations that no attribute of the element makes, in the order in which they were needed. */
  readonly added: (readonly [prefix: string, namespace: string])[];
  addsDefault: boolean;
  generated: number;
};

/**
 * The namespaces in force while elements are written, as .NET's XmlTextWriter keeps them: which prefix an element or
 * attribute takes, and which declarations have to be added for it.
 */
export class Namespaces {
  readonly #declared: (readonly [prefix: string, namespace: string])[] = [['xml', xmlNamespace]];
  readonly #scopes: Scope[] = [];
  #default = '';

  /** Goes into an element; its own declarations are in force from here. Tells the prefix of its name. */
  enter(element: TreeElement): string {
    const scope: Scope = {
      outside: this.#declared.length,
      outsideDefault: this.#default,
      added: [],
      addsDefault: false,
      generated: 0,
    };
    this.#scopes.push(scope);
    const { namespace } = element;
    const fromOutside = element.original ? undefined : this.#prefixFor(namespace);
    let declaresDefault = false;
    for (const { prefix, name, localName, value } of element.attributes) {
      if (prefix === 'xmlns') this.#declared.push([localName, value]);
      else if (name === 'xmlns') {
        this.#default = value;
        declaresDefault = true;
      }
    }
    const prefix = fromOutside ?? (namespace === '' ? '' : element.prefix);
    if (prefix === '') {
      if (this.#default !== namespace && !declaresDefault) {
        this.#default = namespace;
        scope.addsDefault = true;
      }
    } else if (this.#namespaceOf(prefix) !== namespace) this.#add(prefix, namespace);
    return prefix;
  }

  /** The name of an attribute of the element that was entered last; a declaration is added where it needs one. */
  attributeName({ prefix, localName, name, namespace }: TreeAttribute): string {
    if (namespace === '' || namespace === xmlnsNamespace) return name;
    if (prefix !== '' && this.#namespaceOf(prefix) === namespace) return name;
    let known = this.#declaredPrefix(namespace);
    if (known === undefined) {
      const scope = this.#scopes.at(-1)!;
      scope.generated += 1;
      known = prefix === '' ? `d${this.#scopes.length}p${scope.generated}` : prefix;
      this.#add(known, namespace);
    }
    return `${known}:${localName}`;
  }

  /** The declarations that the element entered last needs and does not have, as they are written. */
  added(): readonly (readonly [name: string, namespace: string])[] {
    const { added, addsDefault } = this.#scopes.at(-1)!;
    const prefixed = added.toReversed().map(([prefix, namespace]) => [`xmlns:${prefix}`, namespace] as const);
    return addsDefault ? [...prefixed, ['xmlns', this.#default]] : prefixed;
  }

  leave(): void {
    const scope = this.#scopes.pop()!;
    this.#declared.length = scope.outside;
    this.#default = scope.outsideDefault;
  }

  #add(prefix: string, namespace: string): void {
    this.#declared.push([prefix, namespace]);
    this.#scopes.at(-1)!.added.push([prefix, namespace]);
  }

  /** The prefix in force for a namespace: one declared last before the default; undefined for none. */
  #prefixFor(namespace: string): string | undefined {
    if (namespace === '') return undefined;
    return this.#declaredPrefix(namespace) ?? (this.#default === namespace ? '' : undefined);
  }

  #declaredPrefix(namespace: string): string | undefined {
    for (let n = this.#declared.length - 1; n >= 0; n -= 1) {
      const [prefix, declared] = this.#declared[n]!;
      if (declared === namespace && this.#namespaceOf(prefix) === namespace) return prefix;
    }
    return undefined;
  }

  #namespaceOf(prefix: string): string | undefined {
    for (let n = this.#declared.length - 1; n >= 0; n -= 1) {
      if (this.#declared[n]![0] === prefix) return this.#declared[n]![1];
    }
    return undefined;
  }
}
