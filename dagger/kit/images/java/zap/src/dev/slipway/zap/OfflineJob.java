package dev.slipway.zap;

import java.util.Map;
import org.zaproxy.addon.automation.AutomationEnvironment;
import org.zaproxy.addon.automation.AutomationJob;
import org.zaproxy.addon.automation.AutomationProgress;

/** A job that reads its parameters where the plan has them. */
abstract class OfflineJob extends AutomationJob {
    private final String type;
    private final Order order;

    OfflineJob(String type, Order order) {
        this.type = type;
        this.order = order;
    }

    /** A parameter's text, empty without one. */
    String parameter(AutomationEnvironment environment, String name) {
        Object value = getJobData() == null ? null : getJobData().get("parameters");
        Object text = value instanceof Map ? ((Map<?, ?>) value).get(name) : null;
        return text == null ? "" : environment.replaceVars(text);
    }

    @Override
    public String getType() {
        return type;
    }

    @Override
    public Order getOrder() {
        return order;
    }

    @Override
    public void verifyParameters(AutomationProgress progress) {}

    @Override
    public void applyParameters(AutomationProgress progress) {}

    @Override
    public Object getParamMethodObject() {
        return null;
    }

    @Override
    public String getParamMethodName() {
        return null;
    }
}
