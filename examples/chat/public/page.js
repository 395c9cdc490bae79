export const byId = (id) => document.getElementById(id);

export const copyOf = (templateId) => byId(templateId).content.firstElementChild.cloneNode(true);
