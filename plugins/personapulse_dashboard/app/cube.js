// Tables of the document: columns of numbers, and of numbers into a list of texts. Filtered and summed without making rows.

export class Cube {
  constructor(table, keep = null) {
    this.table = table;
    this.keep = keep; // places of the rows that are left; null is all
  }

  get size() {
    return this.keep ? this.keep.length : this.table.rows;
  }

  has(column) {
    return column in this.table.columns;
  }

  texts(column) {
    return this.table.texts[column] || [];
  }

  value(column, row) {
    const value = this.table.columns[column][row];
    const texts = this.table.texts[column];
    return texts ? (value < 0 ? null : texts[value]) : value;
  }

  // Rows whose column is one of the values; an empty list leaves all.
  only(column, values) {
    if (!values || !values.length || !this.has(column)) return this;
    const texts = this.table.texts[column];
    const wanted = texts ? new Set(values.map((value) => texts.indexOf(value))) : new Set(values);
    return this.where(column, (value) => wanted.has(value));
  }

  is(column, value) {
    return this.only(column, [value]);
  }

  // Rows of days from first to last, both included.
  between(column, first, last) {
    const within = this.texts(column).map((day) => day >= first && day <= last);
    return this.where(column, (value) => within[value]);
  }

  where(column, test) {
    const values = this.table.columns[column];
    const kept = [];
    if (this.keep) {
      for (const row of this.keep) if (test(values[row])) kept.push(row);
    } else {
      for (let row = 0; row < this.table.rows; row += 1) if (test(values[row])) kept.push(row);
    }
    return new Cube(this.table, kept);
  }

  rows() {
    const places = this.keep || Array.from({ length: this.table.rows }, (_, row) => row);
    const names = Object.keys(this.table.columns);
    return places.map((row) => Object.fromEntries(names.map((name) => [name, this.value(name, row)])));
  }

  sum(column) {
    const values = this.table.columns[column];
    let total = 0;
    this.each((row) => { total += values[row] || 0; });
    return total;
  }

  sums(...columns) {
    return Object.fromEntries(columns.map((column) => [column, this.sum(column)]));
  }

  each(visit) {
    if (this.keep) for (const row of this.keep) visit(row);
    else for (let row = 0; row < this.table.rows; row += 1) visit(row);
  }

  // One object per different value of the keys, with the sums of the columns, in the order of first appearance.
  by(keys, columns) {
    const names = [].concat(keys);
    const found = new Map();
    this.each((row) => {
      let group = "";
      for (const name of names) group += `${this.table.columns[name][row]}|`;
      let sums = found.get(group);
      if (!sums) {
        sums = Object.fromEntries(names.map((name) => [name, this.value(name, row)]));
        for (const column of columns) sums[column] = 0;
        found.set(group, sums);
      }
      for (const column of columns) sums[column] += this.table.columns[column][row] || 0;
    });
    return [...found.values()];
  }
}
