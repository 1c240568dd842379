import {
  applyTransforms,
  declaresTransformNamespace,
  inspectTransformElements,
  tellFailure,
  type Listener,
} from './apply.ts';
import { transformNamespace } from './element-context.ts';
import { byteSink, decodeSource, decodeTransform } from './encoding.ts';
import { layOut } from './layout.ts';
import type { TransformMessage } from './messages.ts';
import { readTree } from './read-tree.ts';
import { newOrigin } from './tree.ts';
import type { TreeDocument } from './tree-node.ts';
import { writeTree } from './write-tree.ts';

export type NamedBytes = { readonly name: string; readonly bytes: Uint8Array };

export type TransformRequest = {
  readonly source: NamedBytes;
  readonly transform: NamedBytes;
  /** Told each line of what was done, as Microsoft's library words it. */
  readonly detail?: (line: string) => void;
  /** Told each warning and error as it comes, between the lines of `detail`. */
  readonly message?: (message: TransformMessage) => void;
};

export type TransformResult = {
  /**
   * The document as it is after every transform that worked; undefined where the transform imports code, so that
   * nothing was applied.
   */
  readonly bytes: Uint8Array | undefined;
  /** Warnings and errors in the order in which they came. */
  readonly messages: readonly TransformMessage[];
};

/**
 * Applies an XML document transform (`xdt:Transform`, `xdt:Locator`) as Microsoft.Web.Xdt does, messages and white
 * space included. The whole document is written anew. Whether errors or warnings make a deployment fail is for the
 * caller to decide. Throws ConfigFileError where one of the two can't be read; the message names it.
 */
export function transformXml(request: TransformRequest): TransformResult {
  const messages: TransformMessage[] = [];
  const listener: Listener = {
    message: (message) => {
      messages.push(message);
      request.message?.(message);
    },
    detail: request.detail,
  };
  const decoded = decodeSource(request.source);
  const { name } = request.source;
  const readSource = (): TreeDocument =>
    readTree({ name, origin: newOrigin('source', decoded.text), dropSpace: false, original: true });
  const document = readSource();
  const transform = readTree({
    name: request.transform.name,
    origin: newOrigin('transform', decodeTransform(request.transform)),
    dropSpace: true,
    original: true,
  });
  if (declaresTransformNamespace(transform)) {
    try {
      inspectTransformElements(transform, listener);
    } catch (error) {
      tellFailure(listener, error);
      return { bytes: undefined, messages };
    }
    let original: TreeDocument | undefined;
    const target = {
      document,
      original: () => (original ??= readSource()),
      budget: { visits: 0 },
    };
    applyTransforms(transform, target, listener);
  } else {
    listener.detail?.(`The expected namespace ${transformNamespace} was not found in the transform file`);
  }
  const sink = byteSink(decoded.encoding, request.source.bytes.length);
  writeTree(document, layOut(document), sink);
  return { bytes: sink.bytes(), messages };
}
