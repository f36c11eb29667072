/* Draws the sections that there is data for, and says why the others are empty. */

function say(id, text) {
  section(id).append(paragraph(text, "quiet"));
}

drawTitle();
drawLedger();
if (page.claims)
  drawClaims();
else
  section("claims").hidden = true;
drawRanks();
page.prediction ? drawPrediction() : say("speed", noHardware);
page.timeline ? drawTimeline() : say("timeline", noHardware);
if (page.traffic)
  drawTraffic();
page.roofline ? drawRoofline() : say("roofline", noHardware);

/* On paper everything is open, and as wide as the paper. */
addEventListener("beforeprint", () => {
  for (const details of document.querySelectorAll("details"))
    details.open = true;
  for (const redraw of drawings)
    redraw(paperWidth);
});
root.dataset.ready = "yes";
