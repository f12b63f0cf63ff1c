/* Runs on the audio thread: gathers a twentieth of a second, then hands it over; asked to, the
   rest of it at once, and then that this was all. */

class Recorder extends AudioWorkletProcessor {
  constructor() {
    super();
    this.gathered = new Float32Array(Math.round(sampleRate / 20));
    this.filled = 0;
    this.ended = false;
    this.port.onmessage = () => {
      this.handOver();
      this.port.postMessage(null);
      this.ended = true;
    };
  }

  process([input]) {
    const channel = input[0];
    for (let at = 0; channel && at < channel.length; at += 1) {
      this.gathered[this.filled] = channel[at];
      this.filled += 1;
      if (this.filled === this.gathered.length) {
        this.handOver();
      }
    }
    return !this.ended;
  }

  handOver() {
    this.port.postMessage(this.gathered.slice(0, this.filled));
    this.filled = 0;
  }
}

registerProcessor("recorder", Recorder);
