"""The handover package: a BagIt bag with everything that stays with the receiver, and its verification."""
