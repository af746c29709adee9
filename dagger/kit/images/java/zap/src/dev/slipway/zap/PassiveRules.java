package dev.slipway.zap;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.network.HttpHeader;
import org.parosproxy.paros.network.HttpMessage;
import org.parosproxy.paros.network.HttpResponseHeader;

/** The plainest case of some official rules, under their numbers, so that suppressions hold for both. */
final class PassiveRules {
    private static final Pattern VERSION = Pattern.compile("[\\w.-]+/\\d[\\w.+-]*");
    private static final Pattern TRACE = Pattern.compile("Traceback \\(most recent call last\\)");
    private static final Pattern CARD = Pattern.compile("(?<![\\d.-])(?:4\\d{15}|5[1-5]\\d{14})(?![\\d.-])");

    private PassiveRules() {}

    static List<Alert> look(HttpMessage message) {
        List<Alert> found = new ArrayList<>();
        HttpResponseHeader header = message.getResponseHeader();
        String body = message.getResponseBody().toString();
        if (header.isHtml() && header.getStatusCode() < 300) page(header, found);
        if (header.getStatusCode() < 300 && !"nosniff".equalsIgnoreCase(header.getHeader("X-Content-Type-Options")))
            found.add(
                    alert(10021, "10021", Alert.RISK_LOW, "X-Content-Type-Options Header Missing", 693)
                            .setParam("x-content-type-options")
                            .setSolution("Send X-Content-Type-Options: nosniff with every answer.")
                            .build());
        cookies(message, found);
        String server = header.getHeader("Server");
        if (server != null && VERSION.matcher(server).find())
            found.add(
                    alert(10036, "10036-2", Alert.RISK_LOW, "Server Leaks Version Information", 497)
                            .setEvidence(server)
                            .setSolution("Leave the version out of the Server header.")
                            .build());
        Matcher trace = TRACE.matcher(body);
        if (trace.find())
            found.add(
                    alert(90022, "90022", Alert.RISK_MEDIUM, "Application Error Disclosure", 550)
                            .setEvidence(trace.group())
                            .setSolution("Answer errors with a message that says nothing of the code.")
                            .build());
        Matcher card = CARD.matcher(body);
        while (card.find())
            if (luhn(card.group())) {
                found.add(
                        alert(10062, "10062", Alert.RISK_HIGH, "PII Disclosure", 359)
                                .setEvidence(card.group())
                                .setSolution("Don't send numbers of cards.")
                                .build());
                break;
            }
        return found;
    }

    private static void page(HttpResponseHeader header, List<Alert> found) {
        String policy = header.getHeader("Content-Security-Policy");
        if (policy == null)
            found.add(
                    alert(10038, "10038-1", Alert.RISK_MEDIUM, "Content Security Policy (CSP) Header Not Set", 693)
                            .setSolution("Send a Content-Security-Policy with every page.")
                            .build());
        boolean framed = policy == null || !policy.contains("frame-ancestors");
        if (framed && header.getHeader("X-Frame-Options") == null)
            found.add(
                    alert(10020, "10020-1", Alert.RISK_MEDIUM, "Missing Anti-clickjacking Header", 1021)
                            .setParam("x-frame-options")
                            .setSolution("Say in frame-ancestors or X-Frame-Options who may frame the page.")
                            .build());
    }

    private static void cookies(HttpMessage message, List<Alert> found) {
        for (String cookie : message.getResponseHeader().getHeaderValues(HttpHeader.SET_COOKIE)) {
            String flags = cookie.toLowerCase(Locale.ROOT).replaceAll("\\s", "") + ";";
            String name = cookie.split("=", 2)[0];
            if (!flags.contains(";httponly;")) found.add(cookie(10010, "Cookie No HttpOnly Flag", 1004, name));
            if (message.getRequestHeader().isSecure() && !flags.contains(";secure;"))
                found.add(cookie(10011, "Cookie Without Secure Flag", 614, name));
            if (!flags.contains(";samesite="))
                found.add(cookie(10054, "Cookie without SameSite Attribute", 1275, name));
        }
    }

    private static Alert cookie(int id, String name, int cwe, String cookie) {
        return alert(id, id == 10054 ? "10054-1" : String.valueOf(id), Alert.RISK_LOW, name, cwe)
                .setParam(cookie)
                .setEvidence("set-cookie: " + cookie)
                .setSolution("Set the flag.")
                .build();
    }

    static Alert.Builder alert(int id, String reference, int risk, String name, int cwe) {
        return Alert.builder()
                .setPluginId(id)
                .setAlertRef(reference)
                .setRisk(risk)
                .setConfidence(Alert.CONFIDENCE_MEDIUM)
                .setName(name)
                .setDescription(name + ". Found by the offline image's own rule, which knows only the plainest case.")
                .setReference("https://www.zaproxy.org/docs/alerts/" + id + "/")
                .setCweId(cwe);
    }

    private static boolean luhn(String digits) {
        int sum = 0;
        for (int i = 0; i < digits.length(); i++) {
            int digit = digits.charAt(digits.length() - 1 - i) - '0';
            int doubled = i % 2 == 1 ? digit * 2 : digit;
            sum += doubled > 9 ? doubled - 9 : doubled;
        }
        return sum % 10 == 0;
    }
}
