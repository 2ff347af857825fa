// The server writes the page; this fetches it again and swaps it in.
"use strict";
(() => {
  const every = 5000;
  let timer;
  let failed = 0;
  const lost = document.getElementById("lost");

  async function refresh() {
    clearTimeout(timer);
    const typing = document.activeElement instanceof HTMLInputElement;
    const marking = String(getSelection()) !== "";
    if (!document.hidden && !typing && !marking) {
      try {
        const answer = await fetch(location.href, { signal: AbortSignal.timeout(10000) });
        if (!answer.ok) throw new Error(`the server says ${answer.status}`);
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.title = fresh.title;
        for (const part of ["main", "#when"]) {
          const from = fresh.querySelector(part);
          const to = document.querySelector(part);
          if (from && to && from.innerHTML !== to.innerHTML) to.replaceWith(from);
        }
        failed = 0;
        lost.hidden = true;
      } catch (error) {
        failed += 1;
        if (failed > 1) {
          lost.textContent = `What you see is old: leakwatch cannot be reached (${error.message}).`;
          lost.hidden = false;
          document.title = "? leakwatch";
        }
      }
    }
    timer = setTimeout(refresh, every);
  }

  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) refresh();
  });
  timer = setTimeout(refresh, every);
})();
