package dev.slipway.zap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.httpclient.URI;
import org.parosproxy.paros.model.HistoryReference;
import org.parosproxy.paros.model.Model;
import org.parosproxy.paros.network.HttpMessage;
import org.parosproxy.paros.network.HttpRequestHeader;
import org.parosproxy.paros.network.HttpSender;
import org.zaproxy.addon.automation.AutomationEnvironment;
import org.zaproxy.addon.automation.AutomationProgress;

/** Calls each operation of an OpenAPI document once, with the values that its examples and types suggest. */
public class OpenApiJob extends OfflineJob {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DEEPEST = 5;

    private JsonNode document;

    public OpenApiJob() {
        super("openapi", Order.EXPLORE);
    }

    @Override
    public void runJob(AutomationEnvironment environment, AutomationProgress progress) {
        try {
            document = JSON.readTree(new File(parameter(environment, "apiFile")));
            String server = document.path("servers").path(0).path("url").asText();
            String base = server.replaceFirst("^[a-z]+://[^/]*", "").replaceAll("/$", "");
            String target = parameter(environment, "targetUrl") + base;
            HttpSender sender = new HttpSender(HttpSender.MANUAL_REQUEST_INITIATOR);
            int added = 0;
            for (Map.Entry<String, JsonNode> path : document.path("paths").properties())
                for (Map.Entry<String, JsonNode> operation : path.getValue().properties())
                    if (operation.getValue().isObject())
                        added += call(sender, target + path.getKey(), path.getValue(), operation);
            progress.info("Job " + getName() + " added " + added + " URLs");
        } catch (Exception e) {
            progress.error("Job " + getName() + " error: " + e);
        }
    }

    private int call(HttpSender sender, String template, JsonNode path, Map.Entry<String, JsonNode> operation)
            throws Exception {
        String url = template;
        List<String> query = new ArrayList<>();
        List<JsonNode> parameters = new ArrayList<>();
        path.path("parameters").forEach(parameters::add);
        operation.getValue().path("parameters").forEach(parameters::add);
        for (JsonNode each : parameters) {
            JsonNode parameter = resolved(each);
            String name = parameter.path("name").asText();
            String value = URLEncoder.encode(text(parameter), StandardCharsets.UTF_8);
            if ("path".equals(parameter.path("in").asText())) url = url.replace("{" + name + "}", value);
            if ("query".equals(parameter.path("in").asText())) query.add(name + "=" + value);
        }
        if (!query.isEmpty()) url += "?" + String.join("&", query);
        HttpRequestHeader header =
                new HttpRequestHeader(operation.getKey().toUpperCase(Locale.ROOT), new URI(url, true), "HTTP/1.1");
        HttpMessage message = new HttpMessage(header);
        JsonNode body = resolved(operation.getValue().path("requestBody")).path("content").path("application/json");
        if (body.isObject()) {
            header.setHeader("Content-Type", "application/json");
            message.setRequestBody(JSON.writeValueAsString(example(body.path("schema"), 0)));
            header.setContentLength(message.getRequestBody().length());
        }
        sender.sendAndReceive(message);
        Model model = Model.getSingleton();
        HistoryReference reference =
                new HistoryReference(model.getSession(), HistoryReference.TYPE_ZAP_USER, message);
        model.getSession().getSiteTree().addPath(reference, message);
        return 1;
    }

    private static String unquoted(JsonNode value) {
        return value.isValueNode() ? value.asText() : value.toString();
    }

    private String text(JsonNode parameter) {
        JsonNode given = parameter.path("example");
        return unquoted(given.isMissingNode() ? example(parameter.path("schema"), 0) : given);
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText();
        return reference.startsWith("#/") ? document.at(reference.substring(1)) : node;
    }

    private JsonNode example(JsonNode unresolved, int depth) {
        JsonNode schema = resolved(unresolved);
        for (String given : List.of("example", "default")) if (schema.has(given)) return schema.get(given);
        if (schema.path("enum").has(0)) return schema.path("enum").get(0);
        if (schema.path("anyOf").has(0)) return example(schema.path("anyOf").get(0), depth);
        switch (schema.path("type").asText()) {
            case "integer":
            case "number":
                return JSON.getNodeFactory().numberNode(1);
            case "boolean":
                return JSON.getNodeFactory().booleanNode(true);
            case "array":
                return JSON.createArrayNode();
            case "object":
                ObjectNode object = JSON.createObjectNode();
                if (depth < DEEPEST)
                    for (Map.Entry<String, JsonNode> each : schema.path("properties").properties())
                        object.set(each.getKey(), example(each.getValue(), depth + 1));
                return object;
            default:
                return JSON.getNodeFactory().textNode("zap");
        }
    }
}
