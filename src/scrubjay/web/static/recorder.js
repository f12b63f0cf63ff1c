/* Runs on the audio thread: gathers a twentieth of a second, then hands it over. */

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.gathered = new Float32Array(Math.round(sampleRate / 20));
    this.filled = 0;
  }

  process([input]) {
    const channel = input[0];
    for (let at = 0; channel && at < channel.length; at += 1) {
      this.gathered[this.filled] = channel[at];
      this.filled += 1;
      if (this.filled === this.gathered.length) {
        this.port.postMessage(this.gathered.slice());
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor("recorder", Recorder);
