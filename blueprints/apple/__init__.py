"""What Apple devices call: SCEP for a certificate, check-in, and the command channel. No cookie, no session."""

from flask import Blueprint

from blueprints.apple import mdm, scep
from blueprints.shared.access import public

blueprint = Blueprint("apple", __name__, url_prefix="/apple")

# Devices prove who they are with a signature of their own. They write PUT; others write POST.
for methods, rule, endpoint, view in (
    (["GET"], "/scep", "scep", scep.ask),
    (["POST"], "/scep", "scep_operation", scep.operate),
    (["PUT", "POST"], "/check-in", "check_in", mdm.speak),
    (["PUT", "POST"], "/mdm", "mdm", mdm.speak),
):
    blueprint.add_url_rule(rule, endpoint, public(view), methods=methods)
