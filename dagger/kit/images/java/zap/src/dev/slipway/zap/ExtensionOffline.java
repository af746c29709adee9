package dev.slipway.zap;

import java.util.List;
import org.parosproxy.paros.control.Control;
import org.parosproxy.paros.extension.ExtensionAdaptor;
import org.zaproxy.addon.automation.AutomationJob;
import org.zaproxy.addon.automation.ExtensionAutomation;

/** Adds, under the official names, the jobs of add-ons that aren't published as packages. */
public class ExtensionOffline extends ExtensionAdaptor {
    private static final List<AutomationJob> JOBS =
            List.of(new PassiveScanConfigJob(), new PassiveScanWaitJob(), new OpenApiJob(), new ReportJob());

    @Override
    public void init() {
        super.init();
        setName("ExtensionSlipwayOffline");
    }

    @Override
    public String getUIName() {
        return "Slipway's offline image of ZAP";
    }

    @Override
    public String getDescription() {
        return "A few rules and jobs of Slipway's own, in place of add-ons that can't be had as packages.";
    }

    @Override
    public void optionsLoaded() {
        ExtensionAutomation automation =
                Control.getSingleton().getExtensionLoader().getExtension(ExtensionAutomation.class);
        JOBS.forEach(automation::registerAutomationJob);
    }

    @Override
    public boolean supportsDb(String type) {
        return true;
    }
}
