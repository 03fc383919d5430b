'use strict';
(() => {
  const $ = (s, from = document) => from.querySelector(s);
  const $$ = (s, from = document) => [...from.querySelectorAll(s)];

  // "/" goes to the field at the top.
  document.addEventListener('keydown', e => {
    if (e.key === '/' && !e.ctrlKey && !e.metaKey && !e.altKey && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) {
      e.preventDefault();
      $('#go').focus();
    }
  });

  // The search form: another row, a hint for the parameter, and no empty rows in the query.
  const form = $('#search');
  if (form) {
    const rows = $('.rows', form), hint = $('.hint', form), add = $('#add');
    const kinds = new Map($$('#parameters option').map(o => [o.value, o.label]));
    const hints = {
      date: 'A date, or with a prefix: 2020-05, ge2020-01-01, lt2021', number: 'A number, or with a prefix: 5, gt0.8',
      quantity: 'number|system|code, as 5.4|http://unitsofmeasure.org|mg or gt5.4', string: 'The beginning of a text; :exact and :contains change that',
      token: 'A code, system|code, or |code', reference: 'An id, Type/id, or an address', uri: 'An address', composite: 'Values joined by $', special: '',
    };
    const tell = e => {
      const name = e.target.name === ':name' ? e.target.value : $('[name=":name"]', e.target.closest('.row') || form).value;
      const kind = (kinds.get(name) || '').split(',')[0];
      hint.textContent = kind ? `${name} is a ${kind}. ${hints[kind] || ''}` : '';
    };
    rows.addEventListener('input', tell);
    rows.addEventListener('focusin', tell);
    add.hidden = false;
    add.addEventListener('click', () => {
      const last = rows.lastElementChild, row = last.cloneNode(true), n = rows.children.length;
      $$('input', row).forEach((input, i) => {
        input.value = '';
        input.id = `row${n}-${i}`;
        input.previousElementSibling.htmlFor = input.id;
      });
      rows.append(row);
      $('input', row).focus();
    });
    form.addEventListener('submit', () => {
      const empty = i => !i.value;
      for (const group of [...rows.children, ...$$('.shape > div', form)]) {
        const inputs = $$('input', group);
        if (inputs.every(empty)) inputs.forEach(i => { i.disabled = true; });
      }
    });
    window.addEventListener('pageshow', () => $$('input', form).forEach(i => { i.disabled = false; }));
  }

  // A field that narrows a table or a list.
  for (const field of $$('input[data-narrows]')) {
    field.closest('.narrow').hidden = false;
    const items = $$(`#${field.dataset.narrows} > *`);
    field.addEventListener('input', () => {
      const want = field.value.toLowerCase();
      items.forEach(item => { item.hidden = !item.textContent.toLowerCase().includes(want); });
    });
  }

  // Copy the text of a block.
  for (const button of $$('button[data-copies]')) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText($(`#${button.dataset.copies}`).textContent);
      button.textContent = 'Copied';
    });
  }
})();
