// A network in ONNX Runtime, over a picture of any size: in tiles that overlap by as much as the network sees, so that
// what is kept of them is the whole picture's result.

const MOST_VALUES = 1 << 25; // in the widest layer of a tile
const NEUTRAL = 128; // the chroma of grey

export class Network {
  #session;

  // Of an entry in offers.json: the file `artifix.engines.onnx_graph` made, and of its card what is needed here.
  static async open(name, { file, ...card }) {
    const { ort, providers } = await runtime();
    const url = new URL(file, import.meta.url);
    const data = new Uint8Array(await (await fetch(url)).arrayBuffer());
    let session;
    for (const provider of providers) {
      session = await ort.InferenceSession.create(data, { executionProviders: [provider] }).catch((failure) => {
        if (provider === providers.at(-1)) throw failure;
      });
      if (session) break;
    }
    return new Network(name, session, ort, card);
  }

  constructor(name, session, ort, { channels, known, radius, multiple, maps }) {
    this.name = name;
    this.#session = session;
    this.ort = ort;
    this.channels = channels;
    this.known = known; // the length of the vector that it is conditioned on
    this.multiple = multiple;
    this.halo = roundUp(radius, multiple);
    this.side = roundUp(Math.max(3 * this.halo, Math.floor(Math.sqrt(MOST_VALUES / maps))), multiple);
  }

  // The restored planes, Float32Arrays that are neither rounded nor cut off, of a picture's: full-range YCbCr, or grey
  // alone, in 0..255. `told` is what `known` makes; `onProgress` receives the share done, and may throw.
  async restore({ planes, width, height }, told, onProgress) {
    const restored = planes.map((plane) => Float32Array.from(plane));
    const all = [...spans(height, this.side, this.halo, this.multiple)].flatMap((rows) =>
      [...spans(width, this.side, this.halo, this.multiple)].map((columns) => ({ rows, columns })),
    );
    for (const [number, { rows, columns }] of all.entries()) {
      await onProgress(number / all.length);
      const shape = [1, this.channels, ...[rows, columns].map(({ start, stop }) => roundUp(stop - start, this.multiple))];
      const values = read(planes, width, height, rows, columns, shape);
      keep(restored, width, await this.#run(values, shape, told), rows, columns, shape);
    }
    return restored;
  }

  async #run(values, shape, told) {
    const { Tensor } = this.ort;
    const inputs = { picture: new Tensor("float32", values, shape) };
    if (this.known) inputs.known = new Tensor("float32", told, [1, this.known]);
    const { restored } = await this.#session.run(inputs);
    const made = await restored.getData();
    restored.dispose();
    return made;
  }
}

// WebGPU where there is a real adapter, else WebAssembly, with threads where the page is isolated.
async function runtime() {
  const found = await navigator.gpu?.requestAdapter().catch(() => null);
  const adapter = found?.info?.isFallbackAdapter ? null : found; // a processor in an adapter's place is slower
  const ort = await import(adapter ? "./ort/ort.webgpu.min.mjs" : "./ort/ort.wasm.min.mjs");
  ort.env.wasm.wasmPaths = new URL("ort/", import.meta.url).href;
  ort.env.wasm.numThreads = crossOriginIsolated ? Math.min(navigator.hardwareConcurrency, 8) : 1;
  ort.env.logLevel = "error";
  return { ort, providers: adapter ? ["webgpu", "wasm"] : ["wasm"] };
}

// Tiles of one length along an axis: [start, stop) is read, [kept, keepStop) of it is kept.
export function* spans(length, side, halo, multiple) {
  const whole = roundUp(length, multiple);
  const tile = Math.min(side, whole);
  for (let kept = 0; kept < length; ) {
    const start = Math.max(0, Math.min(Math.floor((kept - halo) / multiple) * multiple, whole - tile));
    const stop = Math.min(length, start + tile);
    const keepStop = stop === length ? length : stop - halo;
    yield { start, stop, kept, keepStop };
    kept = keepStop;
  }
}

function roundUp(value, multiple) {
  return Math.ceil(value / multiple) * multiple;
}

// A tile as the network reads it, in -1..1; past the picture's last row or column, that row or column again.
function read(planes, width, height, rows, columns, [, channels, high, wide]) {
  const values = new Float32Array(channels * high * wide).fill(NEUTRAL / 127.5 - 1);
  for (const [channel, plane] of planes.slice(0, channels).entries()) {
    for (let row = 0, to = channel * high * wide; row < high; row += 1) {
      const from = Math.min(rows.start + row, height - 1) * width;
      for (let column = 0; column < wide; column += 1, to += 1) {
        values[to] = plane[from + Math.min(columns.start + column, width - 1)] / 127.5 - 1;
      }
    }
  }
  return values;
}

// Put what is kept of a tile into the picture's planes.
function keep(planes, width, values, rows, columns, [, channels, high, wide]) {
  for (const [channel, plane] of planes.slice(0, channels).entries()) {
    for (let row = rows.kept; row < rows.keepStop; row += 1) {
      const from = (channel * high + row - rows.start) * wide - columns.start;
      for (let column = columns.kept; column < columns.keepStop; column += 1) {
        plane[row * width + column] = 127.5 * (values[from + column] + 1);
      }
    }
  }
}
