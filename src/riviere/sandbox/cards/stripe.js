// A double of Stripe.js, for the stand-in: the calls that a page makes to take a card, with Stripe's names and answers.
// It draws the fields in the page itself, without styles, so that it works under a strict Content-Security-Policy.
"use strict";

(() => {
  const server = new URL(document.currentScript.src).origin;

  const FIELDS = [
    { name: "number", label: "Card number", complete: "cc-number", hint: "1234 1234 1234 1234", form: /^\d{16}$/ },
    { name: "date", label: "Expiration date", complete: "cc-exp", hint: "MM / YY", form: /^(\d{2})(\d{2})$/ },
    { name: "code", label: "Security code", complete: "cc-csc", hint: "CVC", form: /^\d{3}$/ },
  ];
  const INCOMPLETE = {
    number: ["incomplete_number", "Your card number is incomplete."],
    date: ["incomplete_expiry", "Your card's expiration date is incomplete."],
    code: ["incomplete_cvc", "Your card's security code is incomplete."],
  };

  async function ask(key, method, path, fields) {
    const said = new URLSearchParams({ key, ...fields });
    const address = `${server}/v1/payment_intents/${path}`;
    try {
      const answer =
        method === "GET" ? await fetch(`${address}?${said}`) : await fetch(address, { method, body: said });
      const told = await answer.json();
      return answer.ok ? { paymentIntent: told } : { error: told.error };
    } catch {
      const message = "An error occurred while communicating with our servers. Please try again.";
      return { error: { type: "api_connection_error", message } };
    }
  }

  class Payment {
    #inputs = new Map();
    #heard = new Map();
    #box = null;

    mount(where) {
      const place = typeof where === "string" ? document.querySelector(where) : where;
      this.#box = document.createElement("fieldset");
      this.#box.className = "StripeElement";
      const legend = document.createElement("legend");
      legend.textContent = "Card (a test: no money moves)";
      this.#box.append(legend);
      for (const field of FIELDS) {
        const label = document.createElement("label");
        const input = document.createElement("input");
        label.append(field.label, " ", input);
        input.type = "text";
        input.inputMode = "numeric";
        input.autocomplete = field.complete;
        input.placeholder = field.hint;
        input.addEventListener("input", () => this.#tell("change"));
        this.#inputs.set(field.name, input);
        this.#box.append(label);
      }
      place.replaceChildren(this.#box);
      queueMicrotask(() => this.#tell("ready"));
    }

    unmount() {
      this.#box?.remove();
      this.#box = null;
    }

    destroy() {
      this.unmount();
    }

    focus() {
      this.#inputs.get("number")?.focus();
    }

    on(event, listener) {
      this.#heard.set(event, [...(this.#heard.get(event) ?? []), listener]);
      return this;
    }

    /** What is typed, as Stripe's server takes it, or what is missing. */
    read() {
      const typed = {};
      for (const { name, form } of FIELDS) {
        typed[name] = (this.#inputs.get(name)?.value ?? "").replace(/[\s/]/g, "").match(form);
        if (!typed[name]) {
          const [code, message] = INCOMPLETE[name];
          return { error: { type: "validation_error", code, message } };
        }
      }
      const card = {
        number: typed.number[0],
        exp_month: typed.date[1],
        exp_year: `20${typed.date[2]}`,
        cvc: typed.code[0],
      };
      return { card };
    }

    #tell(event) {
      const told = { elementType: "payment", complete: !this.read().error, empty: false, value: { type: "card" } };
      for (const listener of this.#heard.get(event) ?? []) {
        listener(told);
      }
    }
  }

  class Elements {
    payment = null;

    constructor(options) {
      this.clientSecret = options.clientSecret;
    }

    create(type) {
      if (type !== "payment") {
        throw new Error(`This double of Stripe.js has no element "${type}".`);
      }
      this.payment = new Payment();
      return this.payment;
    }

    getElement(type) {
      return type === "payment" ? this.payment : null;
    }

    async submit() {
      const { error } = this.payment.read();
      return error ? { error } : {};
    }
  }

  /** The cardholder's bank asks them, in a dialog of ours; answers whether they proved who they are. */
  function prove() {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      const question = document.createElement("p");
      question.textContent = "3D Secure test: your bank wants to know that it is you.";
      dialog.append(question);
      for (const [said, proved] of [
        ["Complete authentication", true],
        ["Fail authentication", false],
      ]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = said;
        button.addEventListener("click", () => {
          dialog.remove();
          resolve(proved);
        });
        dialog.append(button);
      }
      dialog.addEventListener("cancel", () => {
        dialog.remove();
        resolve(false);
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  function nameOf(clientSecret) {
    return clientSecret.split("_secret_")[0];
  }

  async function proved(key, clientSecret, told) {
    if (told.paymentIntent?.status !== "requires_action") {
      return told;
    }
    const success = await prove();
    const fields = { client_secret: clientSecret, success };
    const then = await ask(key, "POST", `${nameOf(clientSecret)}/_authenticate`, fields);
    const failed = then.paymentIntent?.last_payment_error;
    return failed ? { error: { ...failed, payment_intent: then.paymentIntent } } : then;
  }

  window.Stripe = (key) => ({
    elements: (options) => new Elements(options),

    retrievePaymentIntent: (clientSecret) =>
      ask(key, "GET", nameOf(clientSecret), { client_secret: clientSecret }),

    async handleNextAction({ clientSecret }) {
      const told = await this.retrievePaymentIntent(clientSecret);
      return proved(key, clientSecret, told);
    },

    async confirmPayment({ elements, clientSecret, confirmParams, redirect }) {
      const secret = clientSecret ?? elements.clientSecret;
      const { card, error } = elements.payment.read();
      if (error) {
        return { error };
      }
      const fields = { client_secret: secret, "payment_method_data[type]": "card" };
      for (const [name, value] of Object.entries(card)) {
        fields[`payment_method_data[card][${name}]`] = value;
      }
      if (confirmParams?.return_url) {
        fields.return_url = confirmParams.return_url;
      }
      const told = await proved(key, secret, await ask(key, "POST", `${nameOf(secret)}/confirm`, fields));
      if (told.paymentIntent && redirect !== "if_required") {
        const back = new URL(confirmParams.return_url);
        back.searchParams.set("payment_intent", told.paymentIntent.id);
        back.searchParams.set("payment_intent_client_secret", secret);
        back.searchParams.set("redirect_status", told.paymentIntent.status);
        window.location.assign(back);
      }
      return told;
    },
  });
})();
