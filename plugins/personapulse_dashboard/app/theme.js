// Before anything is drawn: light or dark. A choice of one's own wins, then Airflow's when shown inside it, then the system's.
(function () {
  function stored(key) {
    try { return window.localStorage.getItem(key); } catch (error) { return null; }
  }
  function wanted() {
    var own = stored("personapulse-theme");
    if (own === "light" || own === "dark") return own;
    var airflow = window.parent !== window ? stored("theme") || stored("chakra-ui-color-mode") : null;
    if (airflow === "light" || airflow === "dark") return airflow;
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }
  document.documentElement.dataset.theme = wanted();
  window.personapulseTheme = wanted;
})();
