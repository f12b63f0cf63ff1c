/* The microphone as a WAV file: samples from an AudioWorklet, 16 bit, one channel. */

import { spokenPart } from "./speech.js";
import { wavFile } from "./wav.js";

const RATE = 16000;
const LONGEST_S = 30;
const SHORTEST_S = 0.3;
/* A browser whose sound has stopped for good says nothing any more. */
const REST_MS = 5000;

export class Microphone {
  #stream = null;
  #context = null;
  #recorder = null;
  #atEnd = () => {};
  #pieces = [];
  #samples = 0;
  #starting = false;
  #onLoudness;
  #onFull;

  constructor({ onLoudness, onFull }) {
    this.#onLoudness = onLoudness;
    this.#onFull = onFull;
  }

  get on() {
    return this.#context !== null;
  }

  async start() {
    if (this.on || this.#starting) {
      return;
    }
    this.#starting = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          channelCount: 1,
          // Made for calls: they clip and smear what an encoder listens to.
          echoCancellation: false,
          noiseSuppression: false,
          autoGainControl: false,
        },
      });
      this.#stream = stream;
      const context = await contextFor(stream);
      await context.audioWorklet.addModule(new URL("./recorder.js", import.meta.url));
      const recorder = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
      this.#pieces = [];
      this.#samples = 0;
      recorder.port.onmessage = ({ data }) => (data ? this.#take(data) : this.#atEnd());
      context.createMediaStreamSource(stream).connect(recorder);
      this.#recorder = recorder;
      this.#context = context;
    } catch (error) {
      this.#release();
      throw error;
    } finally {
      this.#starting = false;
    }
  }

  /* What was said as a File, or null when that is too short to be anything. */
  async stop() {
    const rate = this.#context?.sampleRate ?? RATE;
    await this.#rest();
    const pieces = this.#pieces;
    this.#release();
    const said = spokenPart(pieces, rate);
    return said.length < SHORTEST_S * rate ? null : wavFile([said], rate, "recording.wav");
  }

  cancel() {
    this.#release();
  }

  /* What was heard and is still on its way here, on a busy machine the last words. */
  #rest() {
    return new Promise((resolve) => {
      this.#atEnd = resolve;
      window.setTimeout(resolve, REST_MS);
      this.#recorder?.port.postMessage("end");
    });
  }

  #take(samples) {
    if (!this.on || samples.length === 0) {
      return;
    }
    this.#pieces.push(samples);
    this.#samples += samples.length;
    const power = samples.reduce((sum, one) => sum + one * one, 0) / samples.length;
    this.#onLoudness(Math.min(1, Math.sqrt(power) * 6));
    if (this.#samples >= LONGEST_S * this.#context.sampleRate) {
      this.#onFull();
    }
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) {
      track.stop();
    }
    this.#context?.close();
    this.#stream = null;
    this.#context = null;
    this.#recorder = null;
    this.#pieces = [];
    this.#samples = 0;
  }
}

/* At the rate the encoder hears, where the browser converts; else at the microphone's own. */
async function contextFor(stream) {
  try {
    const context = new AudioContext({ sampleRate: RATE });
    context.createMediaStreamSource(stream).disconnect();
    await context.resume();
    return context;
  } catch {
    const context = new AudioContext();
    await context.resume();
    return context;
  }
}
