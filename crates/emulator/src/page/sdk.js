// A stand-in for https://connect.facebook.net/en_US/sdk.js: FB.init and FB.login as Embedded Signup
// uses them. The dialog comes from the host this script was loaded from.
(function () {
  var base = new URL(document.currentScript.src).origin;
  var settings = {};
  window.FB = {
    init: function (options) { settings = options || {}; },
    login: function (callback, options) {
      options = options || {};
      var query = new URLSearchParams({
        client_id: settings.appId || "",
        config_id: options.config_id || "",
        response_type: options.response_type || "code",
        display: "popup",
        origin: window.location.origin,
        extras: JSON.stringify(options.extras || {}),
      });
      var version = settings.version || "v25.0";
      var popup = window.open(base + "/" + version + "/dialog/oauth?" + query, "emulator_signup", "width=520,height=680");
      var done = false;
      function finish(response) {
        if (done) return;
        done = true;
        window.removeEventListener("message", listen);
        clearInterval(watch);
        callback(response);
      }
      function listen(event) {
        if (event.origin !== base || !event.data || event.data.kind !== "emulator_code") return;
        finish(event.data.code
          ? { status: "connected", authResponse: { code: event.data.code, userID: null, expiresIn: null } }
          : { status: "unknown", authResponse: null });
      }
      window.addEventListener("message", listen);
      var watch = setInterval(function () {
        if (!popup || popup.closed) setTimeout(function () { finish({ status: "unknown", authResponse: null }); }, 300);
      }, 300);
    },
  };
  if (typeof window.fbAsyncInit === "function") window.fbAsyncInit();
})();
