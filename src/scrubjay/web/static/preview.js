/* A file in a small square, drawn without an address of its own: the page's policy allows none. */

export async function preview(file, canvas) {
  canvas.hidden = false;
  const pen = canvas.getContext("2d");
  pen.clearRect(0, 0, canvas.width, canvas.height);
  try {
    if (file.type.startsWith("image/")) {
      drawPicture(pen, await createImageBitmap(file), canvas);
    } else {
      const context = new OfflineAudioContext(1, 1, 16000);
      drawSound(pen, (await context.decodeAudioData(await file.arrayBuffer())).getChannelData(0), canvas);
    }
  } catch {
    canvas.hidden = true;
  }
}

function drawPicture(pen, picture, { width, height }) {
  const scale = Math.max(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  pen.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
  picture.close();
}

function drawSound(pen, samples, { width, height }) {
  const bars = 16;
  const step = Math.max(1, Math.floor(samples.length / bars));
  const loudness = Array.from({ length: bars }, (_, bar) => {
    const part = samples.subarray(bar * step, (bar + 1) * step);
    return part.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
  });
  const most = Math.max(...loudness, 1e-3);
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--blue");
  loudness.forEach((one, bar) => {
    const tall = Math.max(4, (0.8 * height * one) / most);
    pen.fillRect((bar + 0.2) * (width / bars), (height - tall) / 2, 0.6 * (width / bars), tall);
  });
}
