"""Benign populations that worlds are mixed from: a crowd of ordinary people, and look-alikes in their usual numbers.

Look-alikes are split as worlds are: those that development worlds may have, those that only held-out worlds have, and
strangers that appear nowhere but in out-of-distribution worlds. Source: the detection table, sections 6.1 and 8.
"""

from __future__ import annotations

from hydrometer.simulate.world import Placement

CROWD = {
    "chat_user": 0.28, "app_user": 0.27, "hobby_script": 0.15, "household": 0.09, "carrier_user": 0.1, "vpn_user": 0.07,
    "release_enthusiast": 0.04,
}  # fmt: skip
"""Ordinary people of a provider and their shares."""
DEVELOPMENT_HARD = {
    "editor_user": 500, "authorised_reseller": 6, "enterprise_batch": 60, "classroom": 80, "evaluation_lab": 16,
    "authorised_distiller": 8, "white_label": 80, "agent_swarm": 40, "exam_coach": 120, "viral_prompter": 150,
    "framework_user": 150, "teacher_feedback": 60, "company_card": 80, "key_rotation": 60, "localisation_vendor": 40,
    "annotation_vendor": 48, "multi_cloud_firm": 40, "course_author": 60, "price_mover": 60, "privacy_mail_user": 120,
    "quota_stretcher": 160,
}  # fmt: skip
"""Look-alikes of development worlds and their accounts."""
HELD_OUT_HARD = {
    "judge_researcher": 40, "newsroom": 40, "moderation_vendor": 40, "red_team": 24, "accessibility_app": 60,
    "large_course": 300, "private_pooler": 90, "enterprise_gateway": 24, "ci_swarm": 60, "transcript_service": 40,
    "prompt_optimiser": 80, "regression_tester": 40, "traveller": 120, "diaspora": 160, "session_resumer": 60,
    "outage_recoverer": 120, "picture_maker": 90, "researcher_maths": 60, "kernel_engineer": 60, "ctf_student": 80,
    "audio_app": 60, "undeclared_reseller": 24, "key_juggler": 160,
}  # fmt: skip
"""Look-alikes that only held-out worlds have, and their accounts."""
STRANGERS = {"game_studio": 80, "debate_app": 80, "legal_drafter": 60, "survey_vendor": 60, "message_bot": 60}
"""Populations of out-of-distribution worlds, and their accounts."""
_SIZES = DEVELOPMENT_HARD | HELD_OUT_HARD | STRANGERS


def crowd(accounts: int) -> tuple[Placement, ...]:
    """Ordinary people, in the usual proportions."""
    return tuple(Placement(name, round(share * accounts)) for name, share in CROWD.items())


def look_alikes(*names: str, factor: float = 1.0) -> tuple[Placement, ...]:
    """Look-alikes by name, in their usual numbers times a factor."""
    return tuple(Placement(name, max(1, round(factor * _SIZES[name]))) for name in names)
