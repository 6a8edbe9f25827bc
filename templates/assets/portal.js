// Comforts only: every page works without this file.
(function () {
  "use strict";
  var all = function (selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); };

  // Countdown. The server says what time it is (data-now); from there a monotonic counter runs,
  // so a device with a wrong clock still shows the right time left.
  var counts = [];
  var wakeGap = 30000;
  var word = function (words, n) { var both = words.split("|"); return n + " " + (n === 1 || both.length === 1 ? both[0] : both[1]); };
  var left = function (node, ms) {
    if (ms <= 0) { return node.dataset.over || ""; }
    var minutes = Math.floor(ms / 60000), days = Math.floor(minutes / 1440), hours = Math.floor(minutes % 1440 / 60);
    if (days > 0) { return word(node.dataset.days, days) + (hours > 0 ? " " + word(node.dataset.hours, hours) : ""); }
    if (hours > 0) { return word(node.dataset.hours, hours) + (minutes % 60 > 0 ? " " + word(node.dataset.minutes, minutes % 60) : ""); }
    return minutes > 0 ? word(node.dataset.minutes, minutes) : node.dataset.under || word(node.dataset.minutes, 1);
  };
  var show = function () {
    counts.forEach(function (count) {
      var text = left(count.node, count.ends - (count.now + performance.now() - count.since));
      if (text && count.node.textContent !== text) { count.node.textContent = text; }
    });
  };
  var learn = function (nodes, since) {
    counts = all("time[data-deadline][data-now]").map(function (node, i) {
      var from = nodes[i] && nodes[i].dataset.deadline === node.dataset.deadline ? nodes[i] : node;
      return { node: node, ends: Date.parse(node.dataset.deadline), now: Date.parse(from.dataset.now), since: since };
    }).filter(function (count) { return !isNaN(count.ends) && !isNaN(count.now); });
    show();
  };
  // After sleep, or on a page taken from the browser's store, ask the server for its time again.
  var ask = function () {
    if (counts.length === 0 || !window.fetch) { return; }
    var since = performance.now();
    fetch(location.href, { cache: "no-store", credentials: "same-origin" })
      .then(function (reply) { if (!reply.ok) { throw new Error("no time"); } return reply.text(); })
      .then(function (html) { learn(all("time[data-deadline][data-now]", new DOMParser().parseFromString(html, "text/html")), since); })
      .catch(function () { });
  };
  learn([], 0);
  if (counts.length > 0) {
    var visit = performance.getEntriesByType && performance.getEntriesByType("navigation")[0];
    if (visit && visit.type === "back_forward") { ask(); }
    // The device's clock is read only to notice a gap, never to tell the time.
    var lastWall = Date.now(), lastTick = performance.now();
    setInterval(function () {
      var wall = Date.now(), tick = performance.now();
      if (Math.abs((wall - lastWall) - (tick - lastTick)) > wakeGap || tick - lastTick > wakeGap * 4) { ask(); }
      lastWall = wall; lastTick = tick;
      show();
    }, 1000);
  }

  // One press, one submission.
  var release = function () {
    all("[data-sent]").forEach(function (button) { button.disabled = false; delete button.dataset.sent; });
  };
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented || (form.getAttribute("method") || "").toLowerCase() !== "post") { return; }
    setTimeout(release, 20000); // an answer that is a download leaves the page where it is
    setTimeout(function () {
      all("button, input[type=submit]", form).forEach(function (button) {
        if (!button.disabled && button.type === "submit") { button.disabled = true; button.dataset.sent = ""; }
      });
    }, 0);
  });
  window.addEventListener("pageshow", release);

  // Errors: go to the summary; from it, to the field itself.
  var summary = document.querySelector("[data-error-summary]");
  if (summary) {
    summary.focus();
    summary.addEventListener("click", function (event) {
      var link = event.target.closest("a[href^='#']");
      var target = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
      if (!target) { return; }
      event.preventDefault();
      var group = target.closest(".govuk-form-group") || target;
      group.scrollIntoView();
      (target.tagName === "FIELDSET" && target.querySelector("input") || target).focus({ preventScroll: true });
    });
  }

  // Reads the main text aloud, a line at a time, where the browser can.
  var reader = document.querySelector("[data-read-aloud]");
  var main = document.getElementById("main");
  if (reader && main && window.speechSynthesis && window.SpeechSynthesisUtterance) {
    var speech = window.speechSynthesis, start = reader.textContent, reading = false;
    var quiet = function () { reading = false; speech.cancel(); reader.textContent = start; };
    reader.hidden = false;
    reader.addEventListener("click", function () {
      if (reading) { quiet(); return; }
      var language = document.documentElement.lang === "en" ? "en" : "zh-CN";
      var lines = main.innerText.split("\n").filter(function (line) { return line.trim(); });
      if (lines.length === 0) { return; }
      speech.cancel();
      reading = true;
      reader.textContent = reader.dataset.stop;
      lines.forEach(function (line, i) {
        var spoken = new window.SpeechSynthesisUtterance(line);
        spoken.lang = language;
        if (i === lines.length - 1) { spoken.onend = quiet; }
        speech.speak(spoken);
      });
    });
    window.addEventListener("pagehide", quiet);
  }

  all("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
