/* The microphone as a WAV file: samples from an AudioWorklet, 16 bit, one channel. */

import { spokenPart } from "./speech.js";
import { wavFile } from "./wav.js";

const RATE = 16000;
const LONGEST_S = 30;
const SHORTEST_S = 0.3;

export class Microphone {
  #stream = null;
  #context = null;
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
      recorder.port.onmessage = ({ data }) => this.#take(data);
      context.createMediaStreamSource(stream).connect(recorder);
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
    const pieces = this.#pieces;
    this.#release();
    const said = spokenPart(pieces, rate);
    return said.length < SHORTEST_S * rate ? null : wavFile([said], rate, "recording.wav");
  }

  cancel() {
    this.#release();
  }

  #take(samples) {
    if (!this.on) {
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
