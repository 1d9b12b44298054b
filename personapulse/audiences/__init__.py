"""Audiences: the customers a marketer takes out, who is kept back to compare with, and how they leave."""

from personapulse.audiences.settings import AUDIENCES_FILE, Audience, Audiences, Folder, Webhook, load_audiences

__all__ = ["AUDIENCES_FILE", "Audience", "Audiences", "Folder", "Webhook", "load_audiences"]
