package dev.slipway.zap;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.commons.text.StringEscapeUtils;
import org.parosproxy.paros.Constant;
import org.parosproxy.paros.control.Control;
import org.parosproxy.paros.core.scanner.Alert;
import org.parosproxy.paros.model.Model;
import org.parosproxy.paros.model.SiteNode;
import org.zaproxy.addon.automation.AutomationEnvironment;
import org.zaproxy.addon.automation.AutomationProgress;
import org.zaproxy.zap.extension.alert.ExtensionAlert;

/** Writes what was found, with the fields of the official template `traditional-json`, or as a plain page. */
public class ReportJob extends OfflineJob {
    public ReportJob() {
        super("report", Order.REPORT);
    }

    @Override
    public void runJob(AutomationEnvironment environment, AutomationProgress progress) {
        String template = parameter(environment, "template");
        boolean json = "traditional-json".equals(template);
        String name = parameter(environment, "reportFile") + (json ? ".json" : ".html");
        try {
            Path file = Path.of(parameter(environment, "reportDir"), name);
            Files.writeString(file, json ? json() : html(parameter(environment, "reportTitle")));
            progress.info("Job " + getName() + " generated report " + file);
        } catch (Exception e) {
            progress.error("Job " + getName() + " failed to generate report: " + e);
        }
    }

    private static String json() throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode report = mapper.createObjectNode();
        report.put("@programName", Constant.PROGRAM_NAME + " (Slipway's offline image)");
        report.put("@version", Constant.PROGRAM_VERSION);
        report.put("created", Instant.now().toString());
        ArrayNode sites = report.putArray("site");
        for (String name : siteNames()) {
            java.net.URI site = java.net.URI.create(name);
            boolean secure = "https".equals(site.getScheme());
            ObjectNode node = sites.addObject();
            node.put("@name", name);
            node.put("@host", site.getHost());
            node.put("@port", String.valueOf(site.getPort() != -1 ? site.getPort() : secure ? 443 : 80));
            node.put("@ssl", String.valueOf(secure));
            ArrayNode alerts = node.putArray("alerts");
            groups(name).values().forEach(group -> alert(alerts.addObject(), group));
        }
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(report);
    }

    private static void alert(ObjectNode node, List<Alert> group) {
        Alert first = group.get(0);
        node.put("pluginid", String.valueOf(first.getPluginId()));
        node.put("alertRef", first.getAlertRef());
        node.put("alert", first.getName());
        node.put("name", first.getName());
        node.put("riskcode", String.valueOf(first.getRisk()));
        node.put("confidence", String.valueOf(first.getConfidence()));
        node.put("riskdesc", Alert.MSG_RISK[first.getRisk()] + " (" + Alert.MSG_CONFIDENCE[first.getConfidence()] + ")");
        node.put("desc", "<p>" + first.getDescription() + "</p>");
        ArrayNode instances = node.putArray("instances");
        for (Alert each : group)
            instances
                    .addObject()
                    .put("uri", each.getUri())
                    .put("method", each.getMethod())
                    .put("param", each.getParam())
                    .put("attack", each.getAttack())
                    .put("evidence", each.getEvidence())
                    .put("otherinfo", each.getOtherInfo());
        node.put("count", String.valueOf(group.size()));
        node.put("solution", "<p>" + first.getSolution() + "</p>");
        node.put("reference", "<p>" + first.getReference() + "</p>");
        node.put("cweid", String.valueOf(first.getCweId()));
    }

    private static String html(String title) {
        String rows =
                siteNames().stream()
                        .flatMap(site -> groups(site).values().stream())
                        .flatMap(List::stream)
                        .map(each -> List.of(Alert.MSG_RISK[each.getRisk()], each.getName(), each.getMethod(), each.getUri(), each.getParam(), each.getEvidence()))
                        .map(cells -> cells.stream().map(ReportJob::cell).collect(Collectors.joining()))
                        .map(cells -> "<tr>" + cells + "</tr>\n")
                        .collect(Collectors.joining());
        return "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>"
                + StringEscapeUtils.escapeHtml4(title)
                + "</title>\n<h1>"
                + StringEscapeUtils.escapeHtml4(title)
                + "</h1>\n<p>Made by Slipway's offline image of ZAP "
                + Constant.PROGRAM_VERSION
                + ".</p>\n<table border=\"1\">\n"
                + rows
                + "</table></html>\n";
    }

    private static String cell(String text) {
        return "<td>" + StringEscapeUtils.escapeHtml4(text) + "</td>";
    }

    private static List<String> siteNames() {
        List<String> names = new ArrayList<>();
        SiteNode root = Model.getSingleton().getSession().getSiteTree().getRoot();
        Collections.list(root.children()).forEach(each -> names.add(((SiteNode) each).getNodeName()));
        return names;
    }

    /** A site's alerts, worst first, those of one kind together. */
    private static Map<String, List<Alert>> groups(String site) {
        ExtensionAlert alerts = Control.getSingleton().getExtensionLoader().getExtension(ExtensionAlert.class);
        return alerts.getAllAlerts().stream()
                .filter(each -> each.getUri().equals(site) || each.getUri().startsWith(site + "/"))
                .collect(
                        Collectors.groupingBy(
                                each -> (9 - each.getRisk()) + each.getAlertRef() + each.getName(),
                                TreeMap::new,
                                Collectors.toList()));
    }
}
