// A secret address whole, with the server's name, where the server does not know under which one people find it.

for (const address of document.querySelectorAll("[data-address]")) {
  const whole = new URL(address.dataset.address, location).href;
  address.textContent = whole;
  address.closest("section").querySelector("[data-copy]").dataset.copy = whole;
}
