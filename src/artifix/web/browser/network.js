// A network in ONNX Runtime, over a picture of any size: in tiles that overlap by as much as the network sees, so that
// what is kept of them is the whole picture's result.

const MOST_VALUES = 1 << 25; // in the widest layer of a tile

export class Network {
  #session;

  static async open(name, { file, radius, multiple, maps }) {
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
    return new Network(name, session, ort, { radius, multiple, maps });
  }

  constructor(name, session, ort, { radius, multiple, maps }) {
    this.name = name;
    this.#session = session;
    this.ort = ort;
    this.multiple = multiple;
    this.halo = roundUp(radius, multiple);
    this.side = roundUp(Math.max(3 * this.halo, Math.floor(Math.sqrt(MOST_VALUES / maps))), multiple);
  }

  // The restored RGBA values (0..255, not rounded) of an ImageData; `onProgress` receives the share done, and may throw.
  async restore(image, onProgress) {
    const { width, height, data } = image;
    const grey = isGrey(data);
    const restored = new Float32Array(data.length);
    const all = [...spans(height, this.side, this.halo, this.multiple)].flatMap((rows) =>
      [...spans(width, this.side, this.halo, this.multiple)].map((columns) => ({ rows, columns })),
    );
    for (const [number, { rows, columns }] of all.entries()) {
      await onProgress(number / all.length);
      const planes = await this.#run(read(image, rows, columns), rows, columns);
      keep(restored, width, planes, rows, columns, grey);
    }
    return restored;
  }

  async #run(values, rows, columns) {
    const shape = [1, 3, rows.stop - rows.start, columns.stop - columns.start];
    const { output } = await this.#session.run({ input: new this.ort.Tensor("float32", values, shape) });
    const planes = await output.getData();
    output.dispose();
    return planes;
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

function isGrey(data) {
  for (let place = 0; place < data.length; place += 4) {
    if (data[place] !== data[place + 1] || data[place] !== data[place + 2]) return false;
  }
  return true;
}

// A tile of RGBA bytes as three planes in 0..1.
function read({ width, data }, rows, columns) {
  const across = columns.stop - columns.start;
  const size = (rows.stop - rows.start) * across;
  const planes = new Float32Array(3 * size);
  for (let row = rows.start, to = 0; row < rows.stop; row += 1) {
    for (let from = 4 * (row * width + columns.start), end = from + 4 * across; from < end; from += 4, to += 1) {
      for (let channel = 0; channel < 3; channel += 1) planes[channel * size + to] = data[from + channel] / 255;
    }
  }
  return planes;
}

// Put what is kept of a tile into the picture; a grey picture has the network's luma alone.
function keep(restored, width, planes, rows, columns, grey) {
  const across = columns.stop - columns.start;
  const size = (rows.stop - rows.start) * across;
  for (let row = rows.kept; row < rows.keepStop; row += 1) {
    for (let column = columns.kept; column < columns.keepStop; column += 1) {
      const from = (row - rows.start) * across + column - columns.start;
      const [red, green, blue] = [planes[from], planes[size + from], planes[2 * size + from]];
      const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
      const to = 4 * (row * width + column);
      restored[to] = 255 * (grey ? luma : red);
      restored[to + 1] = 255 * (grey ? luma : green);
      restored[to + 2] = 255 * (grey ? luma : blue);
    }
  }
}
