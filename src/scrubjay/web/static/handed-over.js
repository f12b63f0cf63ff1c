/* Files that are dropped anywhere on the page, or pasted. */

/* `take` is given the files and says whether it wants any of them. */
export function takeHandedOver(take) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  let within = 0;
  const over = (shown) => document.body.classList.toggle("dropping", shown);
  document.addEventListener("dragenter", (event) => {
    within += carriesFiles(event) ? 1 : 0;
    over(within > 0);
  });
  document.addEventListener("dragleave", (event) => {
    within -= carriesFiles(event) ? 1 : 0;
    over(within > 0);
  });
  document.addEventListener("dragover", (event) => {
    if (carriesFiles(event)) {
      event.preventDefault();
    }
  });
  document.addEventListener("drop", (event) => {
    within = 0;
    over(false);
    if (carriesFiles(event)) {
      event.preventDefault();
      take(event.dataTransfer.files);
    }
  });
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    if (files.length > 0 && take(files)) {
      event.preventDefault();
    }
  });
}
